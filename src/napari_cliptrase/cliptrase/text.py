"""Phrases to embeddings: put into sentences, encoded once, remembered."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.array_types import Floats
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.cliptrase.templates import sentences
from napari_cliptrase.cliptrase.towers import TextTower


class TextCache(Protocol):
    """Remembers embeddings by key. Losing one costs time, never correctness."""

    def load(self, keys: Sequence[str]) -> Mapping[str, Floats]:
        """Return those that are known, (d,) float32 each."""

    def store(self, vectors: Mapping[str, Floats]) -> None:
        """Remember these as well, (d,) float32 each."""


@dataclass(frozen=True)
class MemoryCache:
    """A `TextCache` that lasts as long as the process."""

    _vectors: dict[str, Floats] = field(default_factory=dict)

    def load(self, keys: Sequence[str]) -> Mapping[str, Floats]:
        """Return those that are known, (d,) float32 each."""
        return {key: self._vectors[key] for key in keys if key in self._vectors}

    def store(self, vectors: Mapping[str, Floats]) -> None:
        """Remember these as well, (d,) float32 each."""
        self._vectors.update(vectors)


def embed_texts(
    tower: TextTower,
    phrases: Sequence[str],
    templates: TemplateSet = TemplateSet.FULL,
    *,
    weights: str = "",
    caches: Sequence[TextCache] = (),
) -> Tensor:
    """(n, d) float32 unit rows on the CPU: the mean over the templates' sentences of each phrase.

    ``weights`` identifies the model and all that makes its numbers what they are. ``caches`` are asked in their order,
    fastest first; what a later one or the model had to answer is stored in those before it. Each phrase is encoded once
    however often it occurs.
    """
    keys = {phrase: cache_key(weights, templates, phrase) for phrase in phrases}
    known: dict[str, Floats] = {}
    for position, cache in enumerate(caches):
        found = cache.load([key for key in keys.values() if key not in known])
        for earlier in caches[:position]:
            earlier.store(found)
        known.update(found)
    missing = [phrase for phrase, key in keys.items() if key not in known]
    if missing:
        rows = _encode(tower, missing, sentences(templates)).cpu().numpy()
        fresh = {keys[phrase]: row for phrase, row in zip(missing, rows, strict=True)}
        for cache in caches:
            cache.store(fresh)
        known.update(fresh)
    return torch.from_numpy(np.stack([known[keys[phrase]] for phrase in phrases]))


def cache_key(weights: str, templates: TemplateSet, phrase: str) -> str:
    """A name, safe in file names, that changes with the model, the sentences and the phrase."""
    text = json.dumps([weights, sentences(templates), phrase])
    return hashlib.sha256(text.encode()).hexdigest()


def mean_of(vectors: Tensor) -> Tensor:
    """(n, d) unit rows of the phrases of one class to one unit row (d,)."""
    return F.normalize(vectors.mean(0), dim=0)


@torch.inference_mode()
def _encode(tower: TextTower, phrases: Sequence[str], patterns: Sequence[str]) -> Tensor:
    filled = [pattern.replace("{}", phrase) for phrase in phrases for pattern in patterns]
    rows = tower.encode(list(dict.fromkeys(filled)))
    at = {sentence: row for row, sentence in enumerate(dict.fromkeys(filled))}
    rows = rows[torch.tensor([at[sentence] for sentence in filled], device=rows.device)]
    return F.normalize(rows.view(len(phrases), len(patterns), -1).mean(1), dim=-1)

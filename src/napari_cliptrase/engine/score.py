"""From what is cached of an image and the phrases of a prompt set to a label for each pixel."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.array_types import Floats
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import SynonymMerge, Vote
from napari_cliptrase.cliptrase.scoring import (
    PhraseScores,
    Ranking,
    below,
    index_dtype,
    label_pixels,
    phrase_scores,
    rank_pixels,
    soft_vote,
)
from napari_cliptrase.cliptrase.text import mean_of
from napari_cliptrase.cliptrase.upsample import Part
from napari_cliptrase.cliptrase.vote import UnsignedLabels, majority, paint, pooling
from napari_cliptrase.engine.absent import Absence, Fitting, Rivals, take_attendance
from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.learn.spot_corrections import SpotCorrection
from napari_cliptrase.learn.spots import spot_grid


@dataclass(frozen=True, eq=False)
class EmbeddedPhrases:
    """A prompt set as the model understands it.

    Classes count from 0 in display order here; all background phrases together are the one after the last.

    Attributes
    ----------
    text
        (phrases, d) float32 unit rows.
    owner
        (phrases,) index of the class that each belongs to, ascending.
    ids
        (classes + 1,) label of each class index, 0 for the background.
    silent
        Class indices without text and without examples; they win no pixel.
    """

    text: Tensor = field(repr=False)
    owner: NDArray[np.intp]
    ids: NDArray[np.uint16]
    silent: frozenset[int] = frozenset()

    @classmethod
    def of(cls, prompts: PromptSet, vectors: Tensor, merge: SynonymMerge) -> "EmbeddedPhrases":
        """Join the embeddings (n, d) of all phrases, in the order of `all_phrases`, into what competes for pixels.

        Background phrases always compete one by one, since they name different things. A class without text gets the
        mean of all the others, from which its examples move it.
        """
        middle = vectors.mean(0, keepdim=True) if len(vectors) else vectors.new_zeros(1, vectors.shape[1])
        rows: list[Tensor] = []
        owner: list[int] = []
        start = 0
        for index, entry in enumerate(prompts):
            mine = vectors[start : start + len(entry.prompts)]
            start += len(mine)
            if not entry.text:
                mine = middle
            elif merge is SynonymMerge.MEAN and len(mine) > 1:
                mine = mean_of(mine)[None]
            rows.append(mine)
            owner += [index] * len(mine)
        rows.append(vectors[start:])
        owner += [len(prompts)] * len(prompts.background)
        silent = frozenset(index for index, entry in enumerate(prompts) if not entry.text)
        return cls(torch.cat(rows), np.asarray(owner, np.intp), np.asarray([*prompts.ids, 0], np.uint16), silent)


def all_phrases(prompts: PromptSet) -> list[str]:
    """Phrases of all classes and of the background, in order."""
    return [phrase for entry in prompts for phrase in entry.prompts] + list(prompts.background)


@dataclass(frozen=True, eq=False)
class ScoredGrid:
    """The classes compete for the pixels of an image.

    Attributes
    ----------
    scores
        Of all phrases on the grid.
    shape
        (H, W) of the labels.
    thresholds
        (classes + 1,) float32 least probability of each class; the background, at the end, has none.
    absent
        Class indices that are not in the image, and why; ``scores`` are without them.
    part
        Where the labels lie on the grid of ``scores``; None: edge to edge.
    rivals
        Pairs of classes that claim the same place, as far as that was looked for.
    silent
        Class indices that nothing speaks for; ``scores`` are without them, too.
    """

    scores: PhraseScores
    shape: tuple[int, int]
    thresholds: NDArray[np.float32]
    absent: Mapping[int, Absence] = field(default_factory=dict)
    part: Part | None = None
    rivals: tuple[Rivals, ...] = ()
    silent: frozenset[int] = frozenset()

    @cached_property
    def ranking(self) -> Ranking:
        """The two best classes of each pixel; computed when first asked for."""
        return rank_pixels(self.scores, self.shape, self.part)

    def patch_lead(self) -> NDArray[np.float32]:
        """(h, w) by how much the probability of the best class of a patch leads that of the next."""
        probabilities = self.scores.best_phrases(self.scores.logits.softmax(0))
        best = probabilities.topk(min(2, len(probabilities)), dim=0).values
        return np.asarray((best[0] - best[1] if len(best) > 1 else best[0]).numpy())

    def lead(self) -> NDArray[np.float32]:
        """(H, W) `patch_lead`, interpolated; cheap beside `ranking`."""
        lead = torch.from_numpy(self.patch_lead())
        if self.part is not None:
            return np.concatenate([values[0].numpy() for _, values in self.part.tiles(lead[None])])
        return np.asarray(F.interpolate(lead[None, None], size=self.shape, mode="bilinear")[0, 0].numpy())

    @property
    def empty(self) -> bool:
        """Whether no class is left that could win a pixel."""
        return len(self.silent.union(self.absent)) == self.scores.classes

    @property
    def nothing(self) -> int:
        """The class index of what is background, or too weak for its class."""
        return len(self.thresholds) - 1


class Regional(Protocol):
    """What a vote needs to know of an image, or of a part of it: see `Encoding`."""

    def region_map(self) -> NDArray[np.int32]:
        """(H, W) region of each pixel, -1 in none."""
        ...

    def region_weights(self) -> NDArray[np.float32]:
        """(regions, h*w) weights that take values on the grid to their mean over each region."""
        ...


class PatchRows(Protocol):
    """What classes compete for: the patches of an image, or of a part of it."""

    @property
    def features(self) -> Floats:
        """(h*w, d) unit rows."""
        ...

    @property
    def grid(self) -> tuple[int, int]:
        """Patches, (h, w)."""
        ...

    @property
    def cls(self) -> Floats:
        """(d,) what stands for the whole."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the labels."""
        ...


def score_patches(
    patches: PatchRows,
    phrases: EmbeddedPhrases,
    prompts: PromptSet,
    settings: Settings,
    scale: float,
    part: Part | None = None,
) -> ScoredGrid:
    """Compare patches with all phrases; cosines are multiplied with ``scale``. Nothing is absent yet."""
    prior = torch.from_numpy(patches.cls) if settings.prior else None
    features = torch.from_numpy(patches.features)
    scores = phrase_scores(features, patches.grid, phrases.text, phrases.owner, scale, prior).without(phrases.silent)
    least = [settings.threshold if entry.threshold is None else entry.threshold for entry in prompts]
    return ScoredGrid(scores, patches.shape, np.asarray([*least, 0], np.float32), part=part, silent=phrases.silent)


def score(
    encoding: Encoding,
    phrases: EmbeddedPhrases,
    prompts: PromptSet,
    settings: Settings,
    scale: float,
    fitting: Fitting | None = None,
    spots: SpotCorrection | None = None,
) -> ScoredGrid:
    """Let the classes compete for an image, without those that are absent; for ``fitting`` see `take_attendance`.

    With ``spots`` the scores are those of the spots instead of the patches.
    """
    scored = score_patches(encoding, phrases, prompts, settings, scale)
    names = [entry.name for entry in prompts]
    found = take_attendance(encoding, scored.scores, names, settings, phrases.silent, fitting)
    scores = scored.scores.without(found.absent)
    if spots is not None:
        scores = scores_of_spots(scores, torch.from_numpy(spots(encoding.spot_textures())))
    return replace(scored, scores=scores, absent=found.absent, rivals=found.rivals)


def scores_of_spots(scores: PhraseScores, added: Tensor) -> PhraseScores:
    """Stretch scores from patches (h, w) to their spots, and add (spots, classes) to all phrases of each class."""
    rows, columns = spot_grid((scores.logits.shape[1], scores.logits.shape[2]))
    logits = F.interpolate(scores.logits[None], size=(rows, columns), mode="bilinear")[0]
    return PhraseScores(logits + added.T.reshape(-1, rows, columns)[torch.from_numpy(scores.owner)], scores.owner)


def assign(scored: ScoredGrid, encoding: Regional, vote: Vote, protect: float = 1.0) -> UnsignedLabels:
    """(H, W) class index of each pixel.

    A pixel whose best class stays below its threshold counts as background before the majority vote, as pixels of
    background phrases do; the soft vote compares a region's own probability with the threshold. Pixels whose class
    leads by more than ``protect`` keep it whatever their region votes for.
    """
    if scored.empty:
        return np.full(scored.shape, scored.nothing, index_dtype(scored.nothing))
    own = _each_pixel(scored)
    if vote is Vote.OFF:
        return own
    regions = encoding.region_map()
    if vote is Vote.HARD:
        winner = majority(own, regions, scored.nothing + 1)
    else:
        rows, columns = scored.scores.logits.shape[1:]
        weights = encoding.region_weights()
        if weights.shape[1] != rows * columns:  # the scores are those of spots
            weights = pooling(encoding.region_map(), (rows, columns))
        winner, probability = soft_vote(scored.scores, weights)
        winner[probability < scored.thresholds[winner]] = scored.nothing
    return protect_confident(scored, own, paint(own, regions, winner), protect)


def protect_confident(scored: ScoredGrid, own: UnsignedLabels, voted: UnsignedLabels, protect: float) -> UnsignedLabels:
    """(H, W) what was voted, except at pixels whose own class leads by more than ``protect``."""
    return np.where(scored.lead() > protect, own, voted) if protect < 1 else voted


def _each_pixel(scored: ScoredGrid) -> UnsignedLabels:
    if not scored.thresholds.any():
        return label_pixels(scored.scores, scored.shape, scored.part)
    labels: UnsignedLabels = scored.ranking.best.astype(index_dtype(scored.nothing))
    labels[below(scored.ranking, scored.thresholds)] = scored.nothing
    return labels


def to_ids(indices: UnsignedLabels, ids: NDArray[np.uint16]) -> UnsignedLabels:
    """Class indices (H, W) to label values, in uint8 where they fit, else uint16."""
    table: UnsignedLabels = ids.astype(np.uint8) if ids.max() < 256 else ids
    return table[indices]

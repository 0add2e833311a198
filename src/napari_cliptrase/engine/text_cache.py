"""Embeddings of phrases on the disk, so that a model encodes a phrase once and not once per start."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_cliptrase.array_types import Floats
from napari_cliptrase.atomic import write_bytes
from napari_cliptrase.models.folders import cache_folder

_UNIT = 1e-3


@dataclass(frozen=True)
class TextStore:
    """A `napari_cliptrase.cliptrase.text.TextCache` in a folder: one small file for each phrase.

    Files appear whole or not at all, and the same key always holds the same vector, so that several processes can use
    one folder. What cannot be read or written is left out: the model encodes it again.
    """

    folder: Path

    @classmethod
    def usual(cls) -> "TextStore":
        """Return the store in our cache folder."""
        return cls(cache_folder() / "text")

    def load(self, keys: Sequence[str]) -> Mapping[str, Floats]:
        """Return those that are known, (d,) float32 unit vectors."""
        found = {key: self._read(key) for key in keys}
        return {key: vector for key, vector in found.items() if vector is not None}

    def store(self, vectors: Mapping[str, Floats]) -> None:
        """Remember these as well, (d,) float32 each."""
        for key, vector in vectors.items():
            buffer = io.BytesIO()
            np.save(buffer, np.asarray(vector, np.float32), allow_pickle=False)
            try:
                write_bytes(self._path(key), buffer.getvalue())
            except OSError:
                return  # a full or read-only disk: the same for the rest

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npy"

    def _read(self, key: str) -> Floats | None:
        try:
            vector = np.load(self._path(key), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if vector.dtype != np.float32 or vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1) < _UNIT:
            return None  # damaged
        return np.asarray(vector, np.float32)

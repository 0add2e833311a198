"""Text embeddings on disk, so that a class name is encoded once in the life of a model."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.atomic import write_bytes

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class FolderCache:
    """One small .npy file for each embedding, named by its key.

    Any number of processes may use one folder: files appear whole, and all who write one write the same. A folder that
    cannot be written to and a damaged file are as good as empty.

    Attributes
    ----------
    folder
        Where the files are; made when the first one is written.
    """

    folder: Path

    def load(self, keys: Sequence[str]) -> Mapping[str, Vector]:
        """Return the embeddings that are there, (d,) float32 unit vectors."""
        found = ((key, self._read(key)) for key in keys)
        return {key: vector for key, vector in found if vector is not None}

    def store(self, vectors: Mapping[str, Vector]) -> None:
        """Write embeddings that are not there yet."""
        for key, vector in vectors.items():
            data = io.BytesIO()
            np.save(data, np.asarray(vector, np.float32))
            try:
                write_bytes(self._path(key), data.getvalue())
            except OSError:
                return

    def _read(self, key: str) -> Vector | None:
        try:
            vector = np.load(self._path(key), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        whole = vector.ndim == 1 and vector.dtype == np.float32 and abs(float(vector @ vector) - 1) < 1e-3
        return vector if whole else None

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npy"

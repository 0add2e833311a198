"""Image embeddings on the disk, so that an image is encoded once, not once a session; the oldest are deleted."""

import os
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from napari_cliptrase import atomic
from napari_cliptrase.models.folders import cache_folder

DEFAULT_LIMIT: Final = 1 << 30  # bytes: about 250 images of SAM's usual size


class EmbeddingStore:
    """A folder of embeddings by key, never larger than ``limit`` bytes.

    It is a cache: a failure costs time and is not an error.
    """

    def __init__(self, folder: Path | None = None, limit: int = DEFAULT_LIMIT) -> None:
        self.folder = folder or cache_folder() / "embeddings"
        self.limit = limit

    def get(self, key: str) -> Tensor | None:
        """Return the embedding (1, C, h, w) of a key on the CPU, or None; a damaged file is thrown away."""
        path = self._path(key)
        try:
            embedding: Tensor = load_file(path)["features"]
            os.utime(path)  # used now, so it goes last
        except (OSError, SafetensorError, KeyError):
            self._forget(path)
            return None
        return embedding

    def has(self, key: str) -> bool:
        """Whether there is an embedding of a key."""
        return self._path(key).is_file()

    def put(self, key: str, features: Tensor) -> None:
        """Store an embedding (1, d, h, w), then delete the longest unused ones until the folder is within its limit."""
        data = save({"features": features.detach().cpu().contiguous()})
        if len(data) > self.limit:
            return
        try:
            atomic.write_bytes(self._path(key), data)
            self._shrink()
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"

    def _shrink(self) -> None:
        files = sorted((path.stat() for path in self.folder.glob("*.safetensors")), key=lambda state: state.st_mtime_ns)
        total = sum(state.st_size for state in files)
        if total <= self.limit:
            return
        for path in sorted(self.folder.glob("*.safetensors"), key=lambda path: path.stat().st_mtime_ns):
            total -= path.stat().st_size
            self._forget(path)
            if total <= self.limit:
                return

    @staticmethod
    def _forget(path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return

"""Windows that were encoded before: in memory up to a number of bytes, and in a folder when there is one."""

import hashlib
import json
import shutil
import uuid
from collections import OrderedDict
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.engine.window_code import WindowCode

CACHE_CAPACITY = 1 << 30
"""Bytes of encoded windows that stay in memory."""


def window_key(pixels: NDArray[np.uint8], model: str, settings: str, place: object) -> str:
    """Return the key of a window: its pixels (h, w, 3), the model's fingerprint, encode settings, place of its core."""
    digest = hashlib.sha256(json.dumps([model, settings, place, pixels.shape]).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


class WindowCache:
    """Keeps the windows that were used last. Threads may share it.

    Parameters
    ----------
    capacity
        Bytes that it may hold in memory.
    folder
        Where all windows are written as well; None keeps them in memory only.
    """

    def __init__(self, capacity: int = CACHE_CAPACITY, folder: Path | None = None) -> None:
        self.capacity = capacity
        self.folder = folder
        self._held: OrderedDict[str, WindowCode] = OrderedDict()
        self._nbytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: str) -> bool:
        """Whether a window is known; nothing is read for that."""
        with self._lock:
            if key in self._held:
                return True
        return self.folder is not None and self._file(key).is_file()

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self._nbytes

    @property
    def disk_nbytes(self) -> int:
        """Bytes in the folder."""
        if self.folder is None or not self.folder.is_dir():
            return 0
        return sum(path.stat().st_size for path in self.folder.glob("*/*.npz"))

    def get(self, key: str) -> WindowCode | None:
        """Return a window, or None when it is not known; a damaged file counts as not known."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        if self.folder is None:
            return None
        try:
            code = WindowCode.from_bytes(self._file(key).read_bytes())
        except (OSError, ValueError):
            return None
        self._hold(key, code)
        return code

    def put(self, key: str, code: WindowCode) -> None:
        """Keep a window; the ones that were not used for the longest time make room."""
        self._hold(key, code)
        if self.folder is not None:
            file = self._file(key)
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{uuid.uuid4().hex}.part")  # whole or not at all; what is lost is encoded again
            part.write_bytes(code.to_bytes())
            part.replace(file)

    def clear(self) -> None:
        """Forget all windows, those in the folder too."""
        with self._lock:
            self._held.clear()
            self._nbytes = 0
        if self.folder is not None:
            for part in self.folder.glob("[0-9a-f][0-9a-f]"):
                shutil.rmtree(part, ignore_errors=True)

    def _hold(self, key: str, code: WindowCode) -> None:
        with self._lock:
            old = self._held.pop(key, None)
            self._nbytes += code.nbytes - (old.nbytes if old else 0)
            self._held[key] = code
            while self._nbytes > self.capacity and self._held:
                _, dropped = self._held.popitem(last=False)
                self._nbytes -= dropped.nbytes

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.npz"

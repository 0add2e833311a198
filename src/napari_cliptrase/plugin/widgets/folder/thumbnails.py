"""Thumbnails of images, made by a worker when their rows are visible, and cached."""

from collections import OrderedDict
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QImage

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.side_thread import SideThread
from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.thumbnail_picture import thumbnail_of

MOST_KEPT = 2000
"""Pictures in memory; each takes 12 kB."""
MOST_WAITING = 60
"""Rows that wait for a picture; of more, the oldest are dropped, since they are out of sight."""


class Thumbnails(QObject):
    """Pictures by image; ``ready(name)`` when one is done."""

    ready = Signal(str)

    def __init__(self, state: FolderState) -> None:
        super().__init__()
        self._state = state
        self._thread = SideThread("thumbnails")
        self._pictures: OrderedDict[str, tuple[object, QImage | None]] = OrderedDict()
        self._waiting: OrderedDict[str, ImageRecord] = OrderedDict()
        self._working = False
        self.made = 0
        """How many pictures were made."""
        connect_weakly(state.project_changed, self.clear)
        connect_weakly(state.records_changed, self.clear)

    @property
    def idle(self) -> bool:
        """Whether no row waits for its picture."""
        return not self._waiting and not self._working

    def get(self, record: ImageRecord) -> QImage | None:
        """Return the picture of an image; None, and have it made, when it is not there or its mask has changed."""
        known, picture = self._pictures.get(record.name, (None, None))
        if known is None or known != _version(record):
            self._waiting[record.name] = record
            self._waiting.move_to_end(record.name)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
            self._go_on()
        else:
            self._pictures.move_to_end(record.name)
        return picture

    def clear(self, *_: Any) -> None:
        """Forget all pictures: another folder, or other colours."""
        self._pictures.clear()
        self._waiting.clear()

    def stop(self) -> None:
        """End the worker."""
        self.clear()
        self._thread.stop()

    def _go_on(self) -> None:
        project = self._state.project
        if self._working or not self._waiting or project is None:
            return
        name, record = self._waiting.popitem()
        self._working = True

        def steps() -> Generator[None, None, NDArray[np.uint8] | None]:
            yield
            return thumbnail_of(project, record)

        def done(pixels: NDArray[np.uint8] | None) -> None:
            self._working = False
            self.made += 1
            if self._state.project is project:
                self._pictures[name] = _version(record), _image_of(pixels)
                while len(self._pictures) > MOST_KEPT:
                    self._pictures.popitem(last=False)
                self.ready.emit(name)
            self._go_on()

        def failed(_error: CliptraseError) -> None:
            done(None)

        self._thread.start(steps, done, failed)


def _version(record: ImageRecord) -> object:
    return record.name, tuple((key, plane.mask) for key, plane in record.planes.items())


def _image_of(pixels: NDArray[np.uint8] | None) -> QImage | None:
    if pixels is None:
        return None
    height, width, _ = pixels.shape
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()

"""The keys of a folder, bound to the viewer while a folder is open.

A key of the viewer counts only where the selected layer has none of its own, so napari's keys keep their meaning.
"""

from collections.abc import Callable
from typing import Any

from napari.utils import notifications
from psygnal import Signal

from napari_cliptrase.plugin.run.folder_work import FolderWork
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.keys import (
    FOLDER_BACK,
    FOLDER_DONE,
    FOLDER_EMPTY,
    FOLDER_FLAG,
    FOLDER_NEXT,
    FOLDER_PREVIOUS,
    FOLDER_UNFINISHED,
)
from napari_cliptrase.project.image_record import State


class FolderKeys:
    """Binds the keys when a folder is opened, and releases them when it is closed.

    ``note_requested()`` asks the dock for the note of a flag; without a dock the flag has none.
    """

    note_requested = Signal()

    def __init__(self, session: Session, folder: FolderWork) -> None:
        self._session = session
        self._folder = folder
        self._bound: list[str] = []
        self.actions: dict[str, Callable[[], object]] = {
            FOLDER_NEXT.binding: lambda: folder.step(1),
            FOLDER_PREVIOUS.binding: lambda: folder.step(-1),
            FOLDER_UNFINISHED.binding: folder.next_unfinished,
            FOLDER_DONE.binding: self.done,
            FOLDER_EMPTY.binding: lambda: folder.mark(State.EMPTY, go_on=True),
            FOLDER_BACK.binding: self.back_to_work,
            FOLDER_FLAG.binding: self.toggle_flag,
        }
        folder.state.project_changed.connect(self._on_project)

    def done(self) -> None:
        """Done and next; in review: accepted and next."""
        reviewing = self._folder.state.reviewing
        self._folder.mark(State.REVIEWED if reviewing else State.DONE, go_on=True)

    def back_to_work(self) -> None:
        """Send an image under review back to work, and go on."""
        if self._folder.state.reviewing:
            self._folder.mark(State.IN_PROGRESS, go_on=True)
        else:
            notifications.show_info("Tick Review first: images are sent back to work in a review only.")

    def toggle_flag(self) -> None:
        """Flag the image, or remove its flag."""
        state = self._folder.state
        record = state.record(state.place) if state.place is not None else None
        if record is not None and record.flag is not None:
            self._folder.flag(None)
        elif len(self.note_requested):
            self.note_requested.emit()
        else:
            self._folder.flag("")

    def _on_project(self, project: object) -> None:
        viewer = self._session.viewer
        for key in self._bound:
            viewer.keymap.pop(key, None)
            viewer.bind_key(key, None)
        self._bound.clear()
        if project is None:
            return
        for key, action in self.actions.items():
            viewer.bind_key(key, _pressed(action), overwrite=True)
            self._bound.append(key)


def _pressed(action: Callable[[], object]) -> Callable[[Any], None]:
    def press(_viewer: Any) -> None:
        action()

    return press

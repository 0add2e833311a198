"""Buttons to go through the list and to set the state of each image."""

from typing import Any

from qtpy.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.plugin.run.folder_work import FolderWork
from napari_cliptrase.plugin.tools.folder_keys import FolderKeys
from napari_cliptrase.plugin.widgets.sections import in_row
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.project.image_record import State


class StepBar(QWidget):
    """Previous, next, next unfinished; done, truly empty, flag; in review: accept, back to work."""

    def __init__(self, folder: FolderWork, keys: FolderKeys, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._keys = keys
        self.previous = _button("◀ Previous", "The image before this one in the list (A).")
        self.next = _button("Next ▶", "The next image of the list (D).")
        self.unfinished = _button("Next unfinished", "The next unfinished image (Shift + D).")
        self.done = _button("Done and next", "This image is done; open the next unfinished one (W).")
        self.empty = _button("Empty and next", "There is nothing to label here; open the next one (Shift + W).")
        self.accept = _button("Accept and next", "A second person agrees; no model changes the mask any more (W).")
        self.back = _button("Back to work", "Something is wrong: it is in progress again; open the next one (R).")
        self.note = QLineEdit()
        self.note.setPlaceholderText("What is odd about this image")
        self.note.setToolTip("A note for the flag; Enter flags the image.")
        self.flag = _button("⚑ Flag", "Flag the image with this note, or remove its flag (G).")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(in_row(self.previous, self.next, self.unfinished, stretch=2))
        layout.addLayout(in_row(self.done, self.empty, self.accept, self.back))
        layout.addLayout(in_row(self.note, self.flag))
        self.previous.clicked.connect(lambda: folder.step(-1))
        self.next.clicked.connect(lambda: folder.step(1))
        self.unfinished.clicked.connect(folder.next_unfinished)
        self.done.clicked.connect(lambda: folder.mark(State.DONE, go_on=True))
        self.empty.clicked.connect(lambda: folder.mark(State.EMPTY, go_on=True))
        self.accept.clicked.connect(lambda: folder.mark(State.REVIEWED, go_on=True))
        self.back.clicked.connect(lambda: folder.mark(State.IN_PROGRESS, go_on=True))
        self.flag.clicked.connect(self._on_flag)
        self.note.returnPressed.connect(self._on_return)
        state = folder.state
        connect_weakly(keys.note_requested, self.ask_note)
        for signal in (state.shown_changed, state.blocked_changed, state.reviewing_changed, state.project_changed):
            connect_weakly(signal, self.refresh)
        connect_weakly(state.record_changed, self._on_record)
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """Show what can be done with the image on show."""
        state = self._folder.state
        record = state.record(state.place) if state.place is not None else None
        there, reviewing = state.shown is not None and state.writable, state.reviewing
        for button in (self.previous, self.next, self.unfinished):
            button.setEnabled(state.project is not None)
        for button in (self.done, self.empty, self.accept, self.back):
            button.setEnabled(there)
        for button in (self.done, self.empty):
            button.setVisible(not reviewing)
        for button in (self.accept, self.back):
            button.setVisible(reviewing)
        flagged = record is not None and record.flag is not None
        self.flag.setText("Unflag" if flagged else "⚑ Flag")
        for widget in (self.note, self.flag):
            widget.setEnabled(record is not None and state.writable)
        if not self.note.hasFocus():
            self.note.setText((record.flag or "") if record is not None else "")

    def ask_note(self) -> None:
        """Put the cursor where the note is typed."""
        self.note.setFocus()
        self.note.selectAll()

    def _on_return(self) -> None:
        self.note.clearFocus()  # the next letter is a key of the folder again, not a part of the note
        self._folder.flag(self.note.text().strip())

    def _on_flag(self) -> None:
        state = self._folder.state
        record = state.record(state.place) if state.place is not None else None
        if record is not None and record.flag is not None:
            self._folder.flag(None)
        else:
            self._folder.flag(self.note.text().strip())

    def _on_record(self, name: str) -> None:
        if name == self._folder.state.place:
            self.refresh()


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button

"""The part of the dock where classes are listed: add line, filter, table, menus, and what to try for empty classes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget
from superqt.utils import QSignalDebouncer

from napari_cliptrase.classes.class_lists import BACKGROUNDS, CLASS_LISTS
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError, PromptError
from napari_cliptrase.plugin.layers import LabelLayers, Visibility
from napari_cliptrase.plugin.state.results import Segmented
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.classes.prompt_edits import added, parsed, replaced_by
from napari_cliptrase.plugin.widgets.classes.replace_question import ReplaceChoice, ask_how_to_replace
from napari_cliptrase.plugin.widgets.classes.table_model import ClassTableModel
from napari_cliptrase.plugin.widgets.classes.table_view import ClassTableView
from napari_cliptrase.plugin.widgets.sections import LongNote
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

FILES = "Class lists (*.txt *.json);;All files (*)"
FEWEST_TO_FILTER = 8
SHOWN_EMPTY = 4
NOTE_LINES = 4
ADVICE_LINES = 8
AREA_DELAY = 300
"""Milliseconds after a stroke before areas are counted again."""


class AddLine(QLineEdit):
    """Enter adds what was typed and leaves the line ready for the next; a pasted list of lines is added whole."""

    entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Add a class…  dog: puppy, hound")
        self.setToolTip(
            "Type a class and press Enter. Synonyms come after a colon (dog: puppy, hound); a comma list or several "
            "pasted lines add several classes; background: wall, floor adds to the background."
        )
        self.setClearButtonEnabled(True)
        self.returnPressed.connect(lambda: self.entered.emit(self.text()))

    def keyPressEvent(self, event: Any) -> None:
        """Take lists of lines from the clipboard, which a line edit would join to one line."""
        if event.matches(QKeySequence.StandardKey.Paste):
            text = QApplication.clipboard().text()
            if "\n" in text.strip():
                self.entered.emit(f"{self._typed()}\n{text}")
                return
        super().keyPressEvent(event)

    def _typed(self) -> str:
        """Return the text of the line without the selection, which pasting replaces."""
        start = self.selectionStart()
        if start < 0:
            return self.text()
        return self.text()[:start] + self.text()[start + len(self.selectedText()) :]


class ClassPanel(QWidget):
    """The class table with all that belongs to it."""

    def __init__(
        self, session: Session, label_layers: LabelLayers, visibility: Visibility, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._label_layers = label_layers
        self.model = ClassTableModel(session, visibility, self)
        self.table = ClassTableView(session, self.model)
        self.add = AddLine()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter classes")
        self.filter.setToolTip("Show only classes whose name or synonyms hold this text; hidden rows still count.")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self.table.set_filter)
        self.lists = _menu_button("Lists", "Ready-made class lists; load and save your own.", self._lists_menu())
        self.background = _menu_button("Background", "What is in the picture but belongs to no class.", self._grounds())
        self.remove = QPushButton("Remove")
        self.remove.setToolTip(
            "Remove the selected classes (Delete). Layers with hand edits stay, and so do locked classes."
        )
        self.remove.clicked.connect(lambda: self.delete(self.table.selected_classes()))
        self.note = LongNote(NOTE_LINES)
        self.advice = LongNote(ADVICE_LINES)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        for button in (self.lists, self.background, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.add, self.note, self.filter):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addLayout(buttons)
        self.note.show_text("")
        layout.addWidget(self.advice)
        self._counted_soon = QSignalDebouncer(parent=self)
        self._counted_soon.setTimeout(AREA_DELAY)
        self._counted_soon.triggered.connect(self.count)
        self.add.entered.connect(self.add_text)
        self.model.refused.connect(self.note.show_text)
        self.table.delete_requested.connect(self.delete)
        connect_weakly(session.prompts_changed, self._on_prompts)
        connect_weakly(session.segmented_changed, self._on_segmented)
        connect_weakly(label_layers.content_changed, self._count_soon)
        connect_weakly(label_layers.written, self._count_soon)
        connect_weakly(label_layers.undone, self._count_soon)
        self._on_prompts()
        self._on_segmented(session.segmented)

    # -- edits --------------------------------------------------------------------------------------------------------

    def add_text(self, text: str) -> None:
        """Add the classes of a typed or pasted text."""
        if not text.strip():
            return
        try:
            self.add_all(parsed(text))
        except PromptError as error:
            self.note.show_text(str(error))
            return
        self.add.clear()

    def add_all(self, new: PromptSet) -> None:
        """Add the classes and the background of a list; the last one that is new becomes the active one."""
        session = self._session
        before = session.prompts.ids
        session.prompts, doubled = added(session.prompts, new, self._label_layers.ids_in_use(), self._known())
        self.note.show_text(f"Already there: {', '.join(doubled)}." if doubled else "")
        come = [class_id for class_id in session.prompts.ids if class_id not in before]
        if come:
            session.active_class = come[-1]

    def delete(self, ids: Sequence[int]) -> None:
        """Remove classes, and their layers unless they hold hand edits; locked classes stay."""
        session = self._session
        prompts, locked = session.prompts, session.locked
        gone = [class_id for class_id in ids if class_id not in locked]
        stay = [prompts.get(class_id).name for class_id in ids if class_id in locked]
        for class_id in gone:
            prompts = prompts.removed(class_id)
        session.prompts = prompts
        self._drop_layers(gone, f"{_named(stay)} locked; unlock {_them(stay)} first." if stay else "")

    def use(self, prompts: PromptSet) -> None:
        """Take a whole list in place of the classes that are there.

        Classes of the same name keep their layers; locked classes stay, behind the list.
        """
        session = self._session
        before = session.prompts
        new = replaced_by(before, prompts, self._known())
        stay = [entry for entry in before if entry.id in session.locked and entry.id not in new.ids]
        session.prompts = replace(new, classes=(*new.classes, *stay))
        gone = [class_id for class_id in before.ids if class_id not in session.prompts.ids]
        names = [entry.name for entry in stay]
        self._drop_layers(gone, f"{_named(names)} locked and so kept." if stay else "")

    def offer(self, prompts: PromptSet) -> None:
        """Take a list; where there are classes, ask first whether it replaces them or is added."""
        now = self._session.prompts
        choice = ask_how_to_replace(self, now, prompts) if now.classes and now != prompts else ReplaceChoice.REPLACE
        if choice is ReplaceChoice.REPLACE:
            self.use(prompts)
        elif choice is ReplaceChoice.ADD:
            self.add_all(prompts)

    def load(self, path: str) -> None:
        """Read a class list from a file, and offer it."""
        try:
            self.offer(PromptSet.load(path))
        except CliptraseError as error:
            self.note.show_text(str(error))

    def save(self, path: str) -> None:
        """Write the classes to a file."""
        try:
            self._session.prompts.save(path)
        except OSError as error:
            self.note.show_text(f"{path} cannot be written ({error.strerror}); choose another folder.")

    def _drop_layers(self, gone: Sequence[int], locked_note: str) -> None:
        """Remove the layers of deleted classes, and show which were kept."""
        kept = [name for class_id in gone for name in self._label_layers.drop_class(class_id)]
        edited = f"Kept for its hand edits: layer {', '.join(map(repr, kept))}." if kept else ""
        self.note.show_text(f"{locked_note} {edited}".strip())

    def _known(self) -> ClassTable:
        """Return the classes that have an id: those of the table, and those that only label layers still have."""
        session = self._session
        return self._label_layers.table(session.image) if session.image is not None else session.prompts.table()

    # -- menus --------------------------------------------------------------------------------------------------------

    def _lists_menu(self) -> QMenu:
        menu = QMenu(self)
        for title, preset in CLASS_LISTS.items():
            menu.addAction(title).triggered.connect(lambda _=False, preset=preset: self.offer(preset()))
        menu.addSeparator()
        menu.addAction("Load…").triggered.connect(self._ask_load)
        menu.addAction("Save as…").triggered.connect(self._ask_save)
        return menu

    def _grounds(self) -> QMenu:
        menu = QMenu(self)
        for title, preset in BACKGROUNDS.items():
            menu.addAction(title).triggered.connect(lambda _=False, preset=preset: self._use_background(preset()))
        menu.addSeparator()
        menu.addAction("Edit…").triggered.connect(lambda: self.table.edit_name(0))
        return menu

    def _use_background(self, prompts: PromptSet) -> None:
        self._session.prompts = self._session.prompts.with_background(*prompts.background)

    def _ask_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Load a class list", "", FILES)
        if path:
            self.load(path)

    def _ask_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the class list", "classes.txt", FILES)
        if path:
            self.save(path)

    # -- figures ------------------------------------------------------------------------------------------------------

    def count(self) -> None:
        """Count areas in the layers as they are, and show which classes were not found."""
        segmented = self._session.segmented
        if segmented is None:
            self.model.set_figures({}, ())
        else:
            try:
                areas = self._label_layers.areas(segmented.source.target)
            except CliptraseError:
                return
            self.model.set_figures(areas, segmented.summary)
        notes = segmented.segmentation.notes if segmented is not None else ()
        self.advice.show_text("\n".join(f"• {note}" for note in (*self._advice(), *notes)))

    def _advice(self) -> tuple[str, ...]:
        """Return which classes were not found, their best probability, and what to try."""
        # a class without text lacks an example, and a note says so
        empty = [entry for entry in self.model.empty_classes() if entry.text]
        if not empty:
            return ()
        words = []
        for entry in empty[:SHOWN_EMPTY]:
            best = self.model.best_score(entry.id)
            words.append(entry.name if best is None else f"{entry.name} (best {best:.2f})")
        more = f" and {len(empty) - SHOWN_EMPTY} more" if len(empty) > SHOWN_EMPTY else ""
        strict = any(entry.threshold for entry in empty) or self._session.settings.threshold > 0
        lower = "lower the minimum, " if strict else ""
        return (f"Nothing found: {', '.join(words)}{more}. Try: {lower}add a synonym, or choose a finer detail.",)

    def _on_prompts(self, *_: Any) -> None:
        self.filter.setVisible(len(self._session.prompts) >= FEWEST_TO_FILTER or bool(self.filter.text()))
        self.remove.setEnabled(bool(self._session.prompts.classes))

    def _on_segmented(self, _segmented: Segmented | None) -> None:
        self.count()

    def _count_soon(self, _: Any) -> None:
        self._counted_soon.throttle()


def _named(names: Sequence[str]) -> str:
    """``Class 'dog' is`` or ``Classes 'dog', 'cat' are``."""
    quoted = ", ".join(map(repr, names))
    return f"Class {quoted} is" if len(names) == 1 else f"Classes {quoted} are"


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _menu_button(title: str, tip: str, menu: QMenu) -> QPushButton:
    button = QPushButton(f"{title} ▾")
    button.setToolTip(tip)
    button.clicked.connect(lambda: menu.exec(button.mapToGlobal(button.rect().bottomLeft())))
    return button

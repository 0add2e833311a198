"""Rename, merge, split off or delete a class in all images: a preview of what changes, and one undo."""

from collections.abc import Generator
from typing import Any, Final

from qtpy.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.folder_work import FolderWork
from napari_cliptrase.plugin.run.side_thread import GuiCalls
from napari_cliptrase.plugin.widgets.choices import ChoiceCombo, NamedList
from napari_cliptrase.plugin.widgets.folder.image_list_view import ImageListView
from napari_cliptrase.plugin.widgets.sections import LongNote, in_row
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.class_edit import ClassEdit, EditKind
from napari_cliptrase.project.project import Project

EDIT_TEXTS: Final = {
    EditKind.RENAME: ("Rename", "Rename the class; no mask changes."),
    EditKind.MERGE: ("Merge into", "Give its pixels and phrases to another class."),
    EditKind.SPLIT_OFF: ("Split off", "Make a new class of what it has in the images that are selected in the list."),
    EditKind.DELETE: ("Delete", "Delete the class; its pixels become unlabelled."),
}
MOST_IMAGES_LISTED: Final = 8
LINES: Final = 6


class ClassChangesPanel(QWidget):
    """Changes classes over the whole folder."""

    def __init__(self, folder: FolderWork, images: ImageListView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._images = images
        self._calls = GuiCalls()
        self._working = False
        self.kind = ChoiceCombo(EDIT_TEXTS, "What happens to the class.")
        self.edited_class = NamedList("The class that changes.")
        self.into = NamedList("The class that its pixels get.")
        self.new_name = QLineEdit()
        self.new_name.setPlaceholderText("New name")
        self.new_name.setToolTip("The new name of the class.")
        self.effect = LongNote(LINES)
        self.apply = QPushButton("Change all images")
        self.apply.setToolTip("Make the change above in all images; it can be undone once.")
        self.undo = QPushButton("Undo")
        self.undo.setToolTip("Undo the last change of classes; what was drawn since stays.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        what = in_row(self.kind, self.edited_class)
        what.setStretch(1, 2)
        layout.addLayout(what)
        layout.addWidget(self.into)
        layout.addWidget(self.new_name)
        layout.addWidget(self.effect)
        layout.addLayout(in_row(self.apply, self.undo))
        self.kind.chosen.connect(self.preview)
        self.edited_class.picked.connect(self.preview)
        self.into.picked.connect(self.preview)
        self.new_name.textChanged.connect(self.preview)
        self.apply.clicked.connect(self.change)
        self.undo.clicked.connect(self.undo_change)
        images.selectionModel().selectionChanged.connect(self._on_selection)
        connect_weakly(folder.state.project_changed, self.refresh)
        connect_weakly(folder.state.records_changed, self.refresh)
        connect_weakly(folder.state.classes_changed, self.refresh)
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """List the classes as they are now."""
        project = self._folder.state.project
        entries = {} if project is None else {str(entry.id): (entry.name, entry.name) for entry in project.prompts}
        for box in (self.edited_class, self.into):
            box.fill(entries, box.key)
        self.preview()

    def edit(self) -> ClassEdit | None:
        """Return the change that is chosen; None while something is missing."""
        project = self._folder.state.project
        if project is None or self.edited_class.currentData() is None:
            return None
        class_id, name = int(self.edited_class.key), self.new_name.text().strip()
        match self.kind.value:
            case EditKind.RENAME:
                return ClassEdit.rename(class_id, name) if name else None
            case EditKind.MERGE:
                return ClassEdit.merge(class_id, int(self.into.key)) if self.into.key != self.edited_class.key else None
            case EditKind.SPLIT_OFF:
                images = self._images.selected_names()
                return ClassEdit.split_off(project.prompts, class_id, name, images) if name and images else None
            case _:
                return ClassEdit.delete(class_id)

    def preview(self, *_: Any) -> None:
        """Show what the change would do."""
        kind, project = self.kind.value, self._folder.state.project
        self.into.setVisible(kind is EditKind.MERGE)
        self.new_name.setVisible(kind in (EditKind.RENAME, EditKind.SPLIT_OFF))
        edit = self.edit()
        text = ""
        if project is not None and edit is not None and not self._working:
            try:
                preview = project.preview_classes(edit)
                most = sorted(preview.pixels.items(), key=lambda entry: -entry[1])
                lines = [f"{name}: {count:,} pixels" for name, count in most[:MOST_IMAGES_LISTED]]
                rest = len(most) - MOST_IMAGES_LISTED
                text = "\n".join([str(preview), *lines, *([f"and {rest:,} images more"] if rest > 0 else [])])
            except CliptraseError as error:
                edit, text = None, str(error)
        elif project is not None and not self._working:
            text = self._missing(project)
        if not self._working:
            self.effect.show_text(text)
        self.apply.setEnabled(edit is not None and self._folder.state.writable and not self._working)
        self.undo.setEnabled(
            project is not None and self._folder.state.writable and project.last_class_change is not None
        )

    def change(self) -> None:
        """Do it."""
        edit = self.edit()
        if edit is not None:
            self._run(lambda project: project.change_classes_steps(edit))

    def undo_change(self) -> None:
        """Undo the last change."""

        def steps(project: Project) -> Generator[Progress, None, None]:
            yield Progress(0, 0, "Taking the change back")
            project.undo_class_change()

        self._run(steps)

    def _run(self, steps: Any) -> None:
        self._working = True
        self.preview()
        self._folder.change(steps, self._ended, lambda progress: self._calls.post(lambda: self._show(progress)))

    def _show(self, progress: Progress) -> None:
        if self._working:
            count = f" ({progress.done:,} of {progress.total:,})" if progress.total else ""
            self.effect.show_text(f"{progress.text}{count}")

    def _ended(self) -> None:
        self._working = False
        self.new_name.clear()
        self.refresh()

    def _on_selection(self, *_: Any) -> None:
        if self.kind.value is EditKind.SPLIT_OFF:
            self.preview()

    def _missing(self, project: Project) -> str:
        if not project.prompts.classes:
            return "There are no classes yet; add some under Segment by text."
        match self.kind.value:
            case EditKind.MERGE:
                return "Choose another class to merge it into."
            case EditKind.SPLIT_OFF if not self._images.selected_names():
                return "Select the images in the list (Ctrl or Shift with a click)."
            case _:
                return "Type the new name."

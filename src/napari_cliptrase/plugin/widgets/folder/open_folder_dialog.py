"""Which folder, and which of its images: how a folder becomes a project."""

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.plugin.widgets.sections import Note, in_row
from napari_cliptrase.project.image_search import find_images, images_below
from napari_cliptrase.project.project import Project


class OpenFolderDialog(QDialog):
    """Asks for a folder of images, and says what is in it."""

    def __init__(self, folder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Annotate a folder of images")
        self.folder = QLineEdit(folder)
        self.folder.setPlaceholderText("Folder of images")
        self.folder.setToolTip("A folder of images, or one that is a project already.")
        self.browse = QPushButton("Choose…")
        self.browse.setToolTip("Look for the folder on the disk.")
        self.recursive = QCheckBox("Folders below it, too")
        self.recursive.setToolTip("Whether images in folders below belong to the project.")
        self.recursive.setChecked(True)
        self.patterns = QLineEdit()
        self.patterns.setPlaceholderText("All images, or patterns: *.jpg left/*")
        self.patterns.setToolTip("Only images whose name or path fits one of these patterns, separated by blanks.")
        self.found = Note()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel, self
        )
        layout = QVBoxLayout(self)
        layout.addLayout(in_row(self.folder, self.browse))
        layout.addWidget(self.recursive)
        layout.addWidget(self.patterns)
        layout.addWidget(self.found)
        layout.addWidget(self.buttons)
        self.resize(460, self.sizeHint().height())
        self.browse.clicked.connect(self._browse)
        self.folder.textChanged.connect(self.look)
        self.patterns.textChanged.connect(self.look)
        self.recursive.toggled.connect(self.look)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.look()

    @property
    def path(self) -> Path:
        """The folder that is chosen."""
        return Path(self.folder.text().strip()).expanduser()

    def new_project(self) -> NewProject:
        """Return how the folder becomes a project when it is none yet."""
        return NewProject(self.recursive.isChecked(), tuple(self.patterns.text().split()))

    def look(self, *_: Any) -> None:
        """Show what the folder holds, and whether it can be opened."""
        text, fits = self._look()
        self.found.show_text(text)
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(fits)

    def _look(self) -> tuple[str, bool]:
        typed = self.folder.text().strip()
        is_project = bool(typed) and Project.is_project(self.path)
        for widget in (self.recursive, self.patterns):
            widget.setEnabled(not is_project)
        if not typed:
            return "", False
        if not self.path.is_dir():
            return "There is no such folder.", False
        if is_project:
            return "This folder is a project already; the work continues there.", True
        new = self.new_project()
        try:
            images = find_images(self.path / images_below(self.path), recursive=new.recursive, patterns=new.patterns)
        except ProjectError as error:
            return str(error), False
        if not images.images:
            return "No image in it fits.", False
        left = f" {images.left_out:,} images do not fit the patterns." if images.left_out else ""
        return (
            f"{len(images.images):,} images.{left} Masks and a folder .cliptrase will lie beside them; the images "
            "are never written.",
            True,
        )

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder of images", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

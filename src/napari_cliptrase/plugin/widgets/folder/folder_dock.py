"""The dock "Annotate folder": a folder of images as a list, with what is done and what is left."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import QSize, Qt, QUrl
from qtpy.QtGui import QDesktopServices, QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QCheckBox,
    QFrame,
    QMainWindow,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import QSignalDebouncer

from napari_cliptrase.plugin.run.folder_work import FolderWork, NewProject
from napari_cliptrase.plugin.run.window_close import save_when_closed
from napari_cliptrase.plugin.state.folder_progress import FolderProgress
from napari_cliptrase.plugin.tools.folder_keys import FolderKeys
from napari_cliptrase.plugin.widgets.cheat_sheet import CheatSheet
from napari_cliptrase.plugin.widgets.folder.blocked_panel import BlockedPanel
from napari_cliptrase.plugin.widgets.folder.class_changes_panel import ClassChangesPanel
from napari_cliptrase.plugin.widgets.folder.image_list_model import ImageListModel
from napari_cliptrase.plugin.widgets.folder.image_list_view import ImageListView
from napari_cliptrase.plugin.widgets.folder.list_filter_bar import ListFilterBar
from napari_cliptrase.plugin.widgets.folder.open_folder_dialog import OpenFolderDialog
from napari_cliptrase.plugin.widgets.folder.step_bar import StepBar
from napari_cliptrase.plugin.widgets.folder.thumbnails import Thumbnails
from napari_cliptrase.plugin.widgets.forms import DOCK_WIDTH
from napari_cliptrase.plugin.widgets.sections import Note, Section, heading, in_row
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.project.image_filter import ImageFilter
from napari_cliptrase.project.project_paths import REPORT_FILE

COUNT_DELAY = 300
"""Milliseconds after a change of a record before the images are counted again."""
WELCOME = "Open a folder of images. Masks are saved beside them while you paint, and the next time you continue there."

NO_CLASSES = "The folder has no classes yet. Add some under Plugins ▸ CLIPtrase ▸ Segment by text."


class FolderDock(QWidget):
    """List, filter, steps, progress; classes of all images; review."""

    def __init__(self, folder: FolderWork, keys: FolderKeys) -> None:
        super().__init__()
        self._folder = folder
        self.title = heading("No folder is open")
        self.open_button = QPushButton("Open folder…")
        self.open_button.setToolTip("Open a folder of images, or go on with one.")
        self.more = QPushButton("▾")
        self.more.setToolTip("Close the folder, its report, its files.")
        self.more.setMaximumWidth(30)
        self.banner = Note()
        self.take_over = QPushButton("Take over…")
        self.take_over.setToolTip("Write here although another program holds the lock; only when it has ended.")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.counted = Note()
        self.thumbnails = Thumbnails(folder.state)
        self.images = ImageListModel(folder.state, self.thumbnails)
        self.list = ImageListView(folder.state, self.images)
        self.filter = ListFilterBar()
        self.blocked = BlockedPanel(folder)
        self.steps = StepBar(folder, keys)
        self.pre_annotate = QCheckBox("Pre-annotate")
        self.pre_annotate.setToolTip("The model fills the mask of an image that is opened for the first time.")
        self.review = QCheckBox("Review")
        self.review.setToolTip("A second pass over the images that are done: accept them, or send them back to work.")
        self.help = QPushButton("Help")
        self.help.setToolTip("Keys and clicks of all tools.")
        self.classes = ClassChangesPanel(folder, self.list)
        self.saved = Note()
        self._lay_out()
        self._count_soon = QSignalDebouncer(parent=self)
        self._count_soon.setTimeout(COUNT_DELAY)
        self._count_soon.triggered.connect(self.count)
        self._connect(keys)
        self.refresh()

    def sizeHint(self) -> QSize:
        """Qt: a dock beside the canvas, not half of the window."""
        return QSize(DOCK_WIDTH, 760)

    def showEvent(self, event: Any) -> None:
        """Qt: now it is known in which window the dock is; what was drawn is saved before that closes."""
        super().showEvent(event)
        window = _main_window(self)
        if window is not None:
            save_when_closed(window, self._folder)

    # -- what the user does -------------------------------------------------------------------------------------------

    def ask_folder(self, folder: str = "") -> None:
        """Ask which folder, and open it."""
        dialog = OpenFolderDialog(folder, self)
        if dialog.exec():
            self.open(dialog.path, dialog.new_project())

    def open(self, folder: str | Path, new: NewProject | None = None) -> None:
        """Open the project of a folder; with ``new``, make one where there is none."""
        self.title.setText(f"Opening {Path(folder).name}…")
        self._folder.open(folder, new)

    def ask_take_over(self) -> None:
        """Ask whether the other program has ended, and write here if so."""
        project = self._folder.state.project
        if project is None:
            return
        sure = QMessageBox.question(
            self,
            "Take over",
            " ".join(project.notes)
            + "\n\nHas that program ended? If it still runs, it will stop writing, and what it has not saved is lost.",
        )
        if sure == QMessageBox.StandardButton.Yes:
            self._folder.open(project.paths.folder, take_over=True)

    # -- what is shown ------------------------------------------------------------------------------------------------

    def refresh(self, *_: Any) -> None:
        """Show the folder that is open, or how to open one."""
        project = self._folder.state.project
        self.title.setText(project.paths.folder.name if project is not None else "No folder is open")
        self.title.setToolTip(str(project.paths.folder) if project is not None else "")
        self.banner.show_text(self._advice())
        self._rest.setVisible(project is None)
        self.take_over.setVisible(project is not None and bool(project.writer))
        for widget in (self.filter, self.list, self.steps, self.progress, self.counted, self.more, self._options):
            widget.setVisible(project is not None)
        self._class_section.setVisible(project is not None)
        self.count()
        self.show_saving()

    def count(self, *_: Any) -> None:
        """Count what is done."""
        project = self._folder.state.project
        if project is None:
            return
        progress = FolderProgress.of(project)
        self.progress.setRange(0, max(progress.images, 1))
        self.progress.setValue(progress.finished)
        shown = len(self.images.names)
        rest = f" {shown:,} shown." if shown != progress.images else ""
        self.counted.show_text(f"{progress}.{rest}")

    def show_saving(self, *_: Any) -> None:
        """Say how saving goes."""
        status, project = self._folder.state.save_status, self._folder.state.project
        if project is None:
            self.saved.show_text("")
        elif status.problem is not None:
            images = f"{len(status.unsaved):,} images are" if len(status.unsaved) > 1 else "1 image is"
            self.saved.show_text(f"⚠ {status.problem} ({images} not saved yet.)")
        else:
            self.saved.show_text("Saving…" if status.unsaved else "Everything is saved.")

    def _advice(self) -> str:
        """Say what the user should know before anything else."""
        project = self._folder.state.project
        if project is None:
            return WELCOME
        if project.read_only:
            return " ".join(project.notes)
        return "" if project.prompts.classes else NO_CLASSES

    # -- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._options = QWidget()
        options = in_row(self.pre_annotate, self.review, self.help, stretch=1)
        options.setContentsMargins(0, 0, 0, 0)
        self._options.setLayout(options)
        self._class_section = Section("Classes of all images", self.classes)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addLayout(in_row(self.title, self.open_button, self.more))
        for widget in (self.banner, self.take_over, self.progress, self.counted, self.filter):
            column.addWidget(widget)
        column.addWidget(self.list, 1)
        for widget in (self.blocked, self.steps, self._options, self._class_section, self.saved):
            column.addWidget(widget)
        self._rest = QWidget()
        column.addWidget(self._rest, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    def _connect(self, keys: FolderKeys) -> None:
        folder, state = self._folder, self._folder.state
        self.open_button.clicked.connect(lambda: self.ask_folder())
        self.more.clicked.connect(self._menu)
        self.take_over.clicked.connect(self.ask_take_over)
        self.list.chosen.connect(folder.go)
        self.filter.changed.connect(self._on_filter)
        self.help.clicked.connect(lambda: CheatSheet(self).show())
        self.pre_annotate.setChecked(state.pre_annotating)
        self.review.setChecked(state.reviewing)
        self.pre_annotate.toggled.connect(lambda on: setattr(state, "pre_annotating", on))
        self.review.toggled.connect(self._on_review)
        self.images.modelReset.connect(self._count_soon.throttle)
        connect_weakly(state.project_changed, self.refresh)
        connect_weakly(state.classes_changed, self.refresh)
        connect_weakly(state.record_changed, self._on_record)
        connect_weakly(state.save_status_changed, self.show_saving)
        connect_weakly(folder.failed, self._on_failed)
        for key, action in keys.actions.items():
            shortcut = QShortcut(QKeySequence(key.replace("-", "+")), self.list)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(action)

    def _on_filter(self, which: ImageFilter, text: str, uncertain_first: bool) -> None:
        self.images.show_only(which, text, most_uncertain_first=uncertain_first)

    def _on_review(self, on: bool) -> None:
        state = self._folder.state
        state.reviewing = on
        self.filter.show_filter(ImageFilter.DONE if on else ImageFilter.ALL)
        if on and state.place not in state.order and state.order:
            self._folder.go(state.order[0])

    def _on_record(self, _name: str) -> None:
        self._count_soon.throttle()

    def _on_failed(self, error: Exception) -> None:
        if self._folder.state.project is None:
            self.refresh()
            self.banner.show_text(str(error))

    def _menu(self) -> None:
        project = self._folder.state.project
        if project is None:
            return
        menu = QMenu(self)
        report = project.paths.folder / REPORT_FILE
        if report.is_file():
            menu.addAction("Open the last report").triggered.connect(lambda: _open_file(report))
        menu.addAction("Write a report and open it").triggered.connect(lambda: self._folder.write_report(_open_file))
        menu.addAction("Show the masks on the disk").triggered.connect(lambda: _open_file(project.paths.masks))
        menu.addSeparator()
        menu.addAction("Close the folder").triggered.connect(self._folder.close)
        menu.exec(self.more.mapToGlobal(self.more.rect().bottomLeft()))


def _open_file(path: Path) -> None:
    """Open a file or a folder in the program that the desktop has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _main_window(widget: QWidget) -> QMainWindow | None:
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QMainWindow):
        above = above.parentWidget()
    return above

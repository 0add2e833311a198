"""The dock "Export masks": which layers, which format, where to, with a report of what will be lost."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Final

from napari.utils.notifications import show_info
from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import QSignalDebouncer

from napari_cliptrase.errors import CliptraseError, ReplaceRefused
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import ExportReport
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.run_record import write_record
from napari_cliptrase.plugin.io.mask_sources import (
    DEFAULT_PATTERN,
    PLACEHOLDERS,
    AxesOf,
    MaskSource,
    axes_known_to,
    mask_of,
    stem_for,
    unplaced,
)
from napari_cliptrase.plugin.io.overwrite_question import ask_to_overwrite
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.run.jobs import Job, Jobs
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.state.tags import all_provenance
from napari_cliptrase.plugin.widgets.choices import NarrowCombo
from napari_cliptrase.plugin.widgets.export.mask_tree import MaskTree
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.sections import Note, heading, in_row
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.progress import Progress

EXPORT_PREVIEW_DELAY: Final = 500
"""Milliseconds without a change before the preview is made again."""
MOST_FILES: Final = 4


class ExportDock(QWidget):
    """Writes label layers to mask files through `napari_cliptrase.masks`, as the command line does."""

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs) -> None:
        super().__init__()
        self._session = session
        self._jobs = jobs
        self._written_to: Path | None = None
        self._working: Job | None = None
        self._refused: ReplaceRefused | None = None

        self.masks = MaskTree(self._session.viewer.layers)
        self.format = NarrowCombo("The file format; the line below says which programs read it.")
        for entry in FORMATS.values():
            self.format.addItem(entry.title if entry.lossless else f"{entry.title} (loses something)", entry.key)
            self.format.setItemData(self.format.count() - 1, entry.description, Qt.ItemDataRole.ToolTipRole)
        self.description = Note()
        self.folder = QLineEdit(str(Path.cwd() / "masks"))
        self.folder.setToolTip("Folder for the files; it is made when it does not exist.")
        self.browse = QPushButton("…")
        self.browse.setToolTip("Choose the folder")
        self.browse.setFixedWidth(32)
        self.pattern = QLineEdit(DEFAULT_PATTERN)
        meanings = "\n".join(f"{key}: {value}" for key, value in PLACEHOLDERS.items())
        self.pattern.setToolTip(f"Name of each mask, without suffix. May hold:\n{meanings}")
        self.objects = QCheckBox("One object per connected part")
        self.objects.setToolTip(
            "In formats with objects, each connected part of a class becomes an object, unless a layer of object "
            "numbers defines them. Other formats ignore this."
        )
        self.strict = QCheckBox("Refuse to lose anything")
        self.strict.setToolTip("Write nothing when the format cannot keep every pixel and every name.")
        self.preview = Note()
        self.export = QPushButton("Export")
        self.export.setToolTip("Write the files; all appear together, or none.")
        self.open_folder = QPushButton("Open folder")
        self.open_folder.setToolTip("Show the exported files in the file manager.")
        self.open_folder.setEnabled(False)

        target = QWidget()
        form = Form(target)
        form.add("Format", self.format)
        form.addRow(self.description)
        form.add("Folder", self.folder, self.browse, stretch=0)
        form.add("Names", self.pattern)
        layout = QVBoxLayout(self)
        layout.addWidget(heading("Masks"))
        layout.addWidget(self.masks)
        layout.addWidget(target)
        layout.addWidget(self.objects)
        layout.addWidget(self.strict)
        layout.addWidget(heading("What will be written"))
        layout.addWidget(self.preview)
        layout.addLayout(in_row(self.export, self.open_folder))
        layout.addStretch(1)

        self._preview_soon = QSignalDebouncer(parent=self)
        self._preview_soon.setTimeout(EXPORT_PREVIEW_DELAY)
        self._preview_soon.triggered.connect(self._make_preview)
        self.masks.changed.connect(self._later)
        self.format.currentIndexChanged.connect(self._later)
        self.folder.textChanged.connect(self._later)
        self.pattern.textChanged.connect(self._later)
        self.objects.toggled.connect(self._later)
        self.strict.toggled.connect(self._later)
        connect_weakly(label_layers.content_changed, self._on_content)
        self.browse.clicked.connect(self._browse)
        self.export.clicked.connect(self._export)
        self.open_folder.clicked.connect(self._open_folder)
        self._later()

    @property
    def chosen_format(self) -> MaskFormat:
        """The format in the combo box."""
        return FORMATS[self.format.currentData()]

    @property
    def options(self) -> ExportOptions:
        """The options as they are set."""
        return ExportOptions(strict=self.strict.isChecked(), instances=self.objects.isChecked())

    def problem(self) -> str:
        """Say in one sentence why nothing can be exported; empty when it can."""
        sources = self.masks.chosen()
        if not self.masks.topLevelItemCount():
            return "There is no label layer yet: run “Segment by text” or add a Labels layer first."
        if not sources:
            return "No layer is checked."
        if not self.folder.text().strip():
            return "Choose a folder."
        form = self.chosen_format
        if not form.available:
            return (
                f"{form.title} needs the library {form.module}; install it with: pip install "
                f'"napari-cliptrase[{form.extra}]"'
            )
        try:
            for source in sources:
                stem_for(source, self.pattern.text())
        except CliptraseError as error:
            return str(error)
        return ""

    # -- preview ------------------------------------------------------------------------------------------------------

    def showEvent(self, event: object) -> None:
        """Qt: the preview is only kept up to date while it can be seen."""
        super().showEvent(event)
        self._later()

    def _on_content(self, _layer: object) -> None:
        if self.isVisible():
            self._preview_soon.throttle()

    def _later(self, *_: object) -> None:
        about = self.chosen_format.description
        self.description.show_text(about[:1].upper() + about[1:])
        problem = self.problem()
        self.export.setEnabled(not problem and self._working is None)
        if problem:
            self._preview_soon.cancel()
            self._jobs.cancel("export preview")
            self.preview.show_text(problem)
        else:
            self._preview_soon.throttle()

    def _make_preview(self) -> None:
        if self.problem() or self._working is not None:
            return
        form, options, folder = self.chosen_format, self.options, self._folder()
        sources, pattern, axes_of = self.masks.chosen(), self.pattern.text(), axes_known_to(self._session)

        def steps() -> Generator[Progress, None, ExportReport]:
            masks = yield from _gathered(sources, pattern, axes_of)
            return (yield from form.preview_steps(masks, folder, options))

        extra = tuple(sentence for source in sources for sentence in unplaced(source))
        self._jobs.start(
            "Check the export",
            steps,
            done=lambda report: self.preview.show_text(preview_text(report, folder, extra)),
            failed=lambda error: self.preview.show_text(str(error)),
            key="export preview",
        )

    # -- export -------------------------------------------------------------------------------------------------------

    def _export(self) -> None:
        self._write(protect=True)

    def _write(self, *, protect: bool) -> None:
        form, options, folder = self.chosen_format, replace(self.options, protect=protect), self._folder()
        sources, pattern, axes_of = self.masks.chosen(), self.pattern.text(), axes_known_to(self._session)

        def steps() -> Generator[Progress, None, ExportReport]:
            masks = yield from _gathered(sources, pattern, axes_of)
            yield Progress(len(sources), len(sources) + 1, f"Writing {form.title}")
            report = yield from form.write_steps(masks, folder, options)
            for mask, source in zip(masks, sources, strict=True):
                _write_record(folder, mask, source, report)
            return report

        self._preview_soon.cancel()
        self._jobs.cancel("export preview")
        self.export.setEnabled(False)
        self.preview.show_text("Writing …")
        self._working = self._jobs.start(
            "Export masks", steps, done=lambda report: self._done(report, folder), failed=self._failed, key="export"
        )
        self._working.cancelled.connect(self._later)
        self._working.finished.connect(self._ended)

    def _done(self, report: ExportReport, folder: Path) -> None:
        self._written_to = folder
        self.open_folder.setEnabled(True)
        self.preview.show_text(f"Written to {folder}:\n{report.text()}")
        show_info(f"Masks exported to {folder}")

    def _failed(self, error: CliptraseError) -> None:
        if isinstance(error, ReplaceRefused):
            self._refused = error
            self.preview.show_text(f"Nothing was written. {error.reason}.")
        else:
            self.preview.show_text(f"Nothing was written. {error}")

    def _ended(self) -> None:
        self._working = None
        refused, self._refused = self._refused, None
        if refused is not None and ask_to_overwrite(self, refused):
            self._write(protect=False)
            return
        self.export.setEnabled(not self.problem())

    def _folder(self) -> Path:
        return Path(self.folder.text().strip()).expanduser().absolute()

    def _browse(self) -> None:
        start = self._folder()
        while not start.exists() and start != start.parent:
            start = start.parent
        found = QFileDialog.getExistingDirectory(self, "Folder for the masks", str(start))
        if found:
            self.folder.setText(found)

    def _open_folder(self) -> None:
        if self._written_to is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written_to)))


def _gathered(
    sources: tuple[MaskSource, ...], pattern: str, axes_of: AxesOf
) -> Generator[Progress, None, list[LabelImage]]:
    """Join the layers of every source into its mask, one a step."""
    masks = []
    for number, source in enumerate(sources):
        yield Progress(number, len(sources) + 1, f"Reading the layers of {source.title}")
        masks.append(mask_of(source, pattern, axes_of))
    return masks


def _write_record(folder: Path, mask: LabelImage, source: MaskSource, report: ExportReport) -> None:
    """Put how the labels of a mask were made beside it, as the command ``segment`` does."""
    provenance = all_provenance(source.layers)
    if not provenance:
        return
    names = [path.relative_to(folder).as_posix() for path in report.files if path.is_relative_to(folder)]
    own = [name for name in names if name.rpartition("/")[2].startswith(mask.stem)]
    write_record(folder, mask.stem, own or names, provenance, {"image": mask.image_name or source.title})


def preview_text(report: ExportReport, folder: Path, extra: tuple[str, ...] = ()) -> str:
    """Say what an export will write, replace and lose."""
    names = [str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path) for path in report.files]
    shown = ", ".join(names[:MOST_FILES])
    more = f" and {len(names) - MOST_FILES} more" if len(names) > MOST_FILES else ""
    lines = [report.text(), f"Files: {shown}{more}"]
    there = sum(path.exists() for path in report.files)
    if there:
        lines.append(f"Replaces {there} {'file that exists' if there == 1 else 'files that exist'}.")
    lines += [f"Lost: {sentence}" for sentence in extra]
    if not report.lossy and not extra:
        lines.append("Nothing is lost.")
    return "\n".join(lines)

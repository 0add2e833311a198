"""The masks of a project in the formats of other tools, read one image at a time."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from napari_cliptrase.errors import CliptraseError, MaskFormatError
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import ExportReport
from napari_cliptrase.masks.registry import format_named
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_record import ImageRecord, State
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.project_paths import plane_stem


@dataclass(frozen=True)
class FolderExport:
    """Which formats the masks of a folder are exported to, each into a folder named after it in ``out``."""

    formats: tuple[MaskFormat, ...]
    out: Path

    @classmethod
    def parse(cls, formats: str, out: Path) -> "FolderExport":
        """Read formats with commas between them, such as ``coco,voc``; refuse one that is not installed."""
        keys = [key for key in (part.strip() for part in formats.split(",")) if key]
        if not keys:
            raise MaskFormatError("--export names no format; 'napari-cliptrase export --list' shows all.")
        found = tuple(dict.fromkeys(format_named(key) for key in keys))
        for form in found:
            form.need_library()
        return cls(found, out.absolute())

    @property
    def announcement(self) -> str:
        """What will be written, in a sentence."""
        titles = " and ".join(form.title for form in self.formats)
        return f"All masks would be exported as {titles} to {self.out}."

    def check_place(self, project: Project) -> None:
        """Raise when the exported files would be taken for images of the project."""
        check_outside(project, self.out)


def check_outside(project: Project, out: Path) -> None:
    """Raise when exported files would be taken for images of the project."""
    if out.resolve().is_relative_to(project.paths.image_folder.resolve()):
        raise CliptraseError(
            f"{out} lies among the images of the project, which would take the exported files for images; "
            "choose a folder outside for --out."
        )


@dataclass(frozen=True)
class FormatOutcome:
    """What was written in one format, and where."""

    form: MaskFormat
    folder: Path
    report: ExportReport


@dataclass
class ProjectMasks:
    """Yields the mask of each image that has one; its length is how many these are.

    Attributes
    ----------
    project
        Whose masks.
    states
        Of images in which states.
    blocked
        Why images were left out while iterating, by name: their masks are damaged, or the images have changed.
    """

    project: Project
    states: frozenset[State] = frozenset(State)
    blocked: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(bool(record.planes) for record in self._records())

    def __iter__(self) -> Iterator[LabelImage]:
        for record in self._records():
            try:
                masks = tuple(self._masks(record.name))
            except ImageBlocked as block:
                self.blocked[record.name] = str(block)
            else:
                yield from masks

    def _records(self) -> Iterator[ImageRecord]:
        return (record for record in self.project if record.state in self.states)

    def _masks(self, name: str) -> Iterator[LabelImage]:
        """Yield the mask of an image; of a stack all planes in one, or those that have a mask one by one."""
        record, store = self.project.record(name), self.project.store
        classes = self.project.prompts.table()
        planes = store.planes(name)
        identity = record.identity
        found = {key: self.project.read(name, plane).labels for key, plane in planes.items()}
        if identity is not None and identity.planes and len(found) == len(identity.indices()):
            stack = np.stack([found[identity.plane_key(plane)] for plane in identity.indices()])
            labels = stack.reshape(*identity.planes, *identity.shape)
            yield LabelImage(labels, classes, f"{identity.axes}YX", record.stem, record.name)
            return
        for key, labels in found.items():
            yield LabelImage(labels, classes, "YX", plane_stem(record.stem, key), record.name)


def export_folder_steps(
    masks: ProjectMasks, export: FolderExport
) -> Generator[Progress, None, Sequence[FormatOutcome]]:
    """Write the masks of a project in some formats, each as a whole or not at all."""
    outcomes = []
    for form in export.formats:
        folder = export.out / form.key
        report = yield from form.write_steps(masks, folder)
        outcomes.append(FormatOutcome(form, folder, report))
    return outcomes

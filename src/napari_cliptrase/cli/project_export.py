"""The masks of a project for the command export: of all its images, or of those that people have finished."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import typer

from napari_cliptrase.errors import CliptraseError, MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.pixels.read import IMAGE_SUFFIXES
from napari_cliptrase.project.project_paths import ProjectPaths


class ExportedImages(StrEnum):
    """Which images of a project are exported."""

    ALL = "all"
    FINISHED = "finished"
    REVIEWED = "reviewed"


def project_meant(
    masks: Sequence[Path], which: ExportedImages, classes: Path | None, images: Path | None
) -> Path | None:
    """Return the project whose folder was given in place of masks; None when masks were given."""
    projects = [path for path in masks if ProjectPaths(path).project_file.exists()]
    if not projects:
        if which is not ExportedImages.ALL:
            raise CliptraseError(f"--only {which} is for a project; give the folder of one, not that of its masks.")
        return None
    if len(masks) > 1:
        raise CliptraseError(f"{projects[0]} is a project; export it alone.")
    if classes is not None or images is not None:
        raise CliptraseError(f"{projects[0]} is a project, which has its own classes and images; omit the option.")
    return projects[0]


def masks_of_project(folder: Path, which: ExportedImages, out: Path) -> tuple[tuple[LabelImage, ...], dict[str, str]]:
    """Return the masks of a project, and why some could not be read, by image; nothing is written.

    ``out``, where they will go, is refused when the project would take the files there for images.
    """
    from napari_cliptrase.batch.folder_export import ProjectMasks, check_outside
    from napari_cliptrase.project.image_record import State
    from napari_cliptrase.project.project import Project

    states = {
        ExportedImages.ALL: frozenset(State),
        ExportedImages.FINISHED: frozenset(state for state in State if state.finished),
        ExportedImages.REVIEWED: frozenset({State.REVIEWED}),
    }
    with Project.open(folder, write=False) as project:
        if not out.suffix or out.suffix.lower() in IMAGE_SUFFIXES:
            check_outside(project, out)
        masks = ProjectMasks(project, states[which])
        found = tuple(masks)
        without = len(project) - len(masks)
    if not found and not masks.blocked:
        wanted = "has a mask" if which is ExportedImages.ALL else f"is {which}"
        raise MaskFormatError(f"No image of {folder} {wanted} yet, so there is nothing to export.")
    if without:
        left = "Without a mask" if which is ExportedImages.ALL else f"Not {which}"
        typer.echo(f"{left}, so not in the export: {count_text(without, 'image')}.", err=True)
    return found, masks.blocked


def report_blocked(blocked: Mapping[str, str]) -> None:
    """Say which masks could not be read; an error when there are any."""
    for name, reason in blocked.items():
        typer.echo(f"NOT EXPORTED {name}: {reason}", err=True)
    if blocked:
        raise CliptraseError(f"{count_text(len(blocked), 'image')} could not be exported.")

"""The option --export of a batch: all masks of the folder in the formats of other tools."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.progress import run_to_end

if TYPE_CHECKING:
    from napari_cliptrase.batch.folder_export import FolderExport
    from napari_cliptrase.project.project import Project


def chosen_export(formats: str | None, out: Path | None) -> "FolderExport | None":
    """Return what --export and --out ask for, before any work is done."""
    if formats is None and out is None:
        return None
    if formats is None:
        raise CliptraseError("--out is for --export; name the formats, such as --export coco,voc.")
    if out is None:
        raise CliptraseError("Name the folder for --export with --out.")
    if out.exists() and not out.is_dir():
        raise CliptraseError(f"{out} is a file, but --out names a folder; choose another name.")
    from napari_cliptrase.batch.folder_export import FolderExport

    return FolderExport.parse(formats, out)


def export_and_report(project: "Project", export: "FolderExport") -> int:
    """Export the masks of a project and print what was written and lost; return how many could not be read."""
    from napari_cliptrase.batch.folder_export import ProjectMasks, export_folder_steps

    masks = ProjectMasks(project)
    if not len(masks):
        typer.echo("Nothing was exported: no image has a mask yet.", err=True)
        return 0
    with work_bar("Exporting") as watch:
        outcomes = run_to_end(export_folder_steps(masks, export), watch)
    for outcome in outcomes:
        typer.echo(f"Wrote {outcome.form.title} to {outcome.folder}", err=True)
        typer.echo(outcome.report.text(), err=True)
    without = len(project) - len(masks)
    if without:
        typer.echo(f"Without a mask, so not in the export: {count_text(without, 'image')}.", err=True)
    for name, reason in masks.blocked.items():
        typer.echo(f"NOT EXPORTED {name}: {reason}", err=True)
    return len(masks.blocked)

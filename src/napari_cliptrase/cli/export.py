"""napari-cliptrase export: label masks into the format another tool reads."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli.inputs import named
from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.project_export import ExportedImages, masks_of_project, project_meant, report_blocked
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions, Holes, NgffVersion, Palette
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.images import with_images
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import ExportReport
from napari_cliptrase.masks.registry import FORMATS, format_named, read_masks
from napari_cliptrase.masks.tables import parse_id_map, read_class_file
from napari_cliptrase.progress import Watch, run_to_end

Strict = Annotated[bool, typer.Option("--strict", help="Write nothing when the format would lose something.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written and lost; write nothing.")]
Instances = Annotated[bool, typer.Option("--instances", help="One object per connected part or object number.")]
SplitCorners = Annotated[
    bool, typer.Option("--split-corners", help="Pixels that touch only at a corner are different parts.")
]
PaletteChoice = Annotated[Palette, typer.Option("--palette", help="Colours of indexed images.")]
HolesChoice = Annotated[Holes, typer.Option("--holes", help="Holes in formats whose polygons have none.")]
IdMap = Annotated[
    Path | None, typer.Option("--id-map", help="JSON with class name or id: id, for Cityscapes-style files.")
]
Subset = Annotated[str, typer.Option("--subset", help="Name of the split: train, val, …")]
Images = Annotated[
    Path | None, typer.Option("--images", help="Folder of the images; their file names go into the export.")
]
Classes = Annotated[
    Path | None, typer.Option("--classes", help="Class table (classes.json) in place of the one beside the masks.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files even if they were edited or come from elsewhere.")
]
Only = Annotated[
    ExportedImages, typer.Option("--only", help="Of a project: the images that are finished, or reviewed.")
]
Ngff = Annotated[NgffVersion, typer.Option("--ngff", help="OME-Zarr version of new files.")]


def export(
    masks: Annotated[
        list[Path] | None, typer.Argument(help="Mask files or folders of them, or the folder of a project.")
    ] = None,
    to: Annotated[str, typer.Option("--to", help="Format to write; --list shows all.")] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File or folder to write.")] = None,
    classes: Classes = None,
    images: Images = None,
    only: Only = ExportedImages.ALL,
    strict: Strict = False,
    dry_run: DryRun = False,
    instances: Instances = False,
    split_corners: SplitCorners = False,
    palette: PaletteChoice = Palette.CLASSES,
    holes: HolesChoice = Holes.SEAM,
    id_map: IdMap = None,
    subset: Subset = "train",
    ngff: Ngff = NgffVersion.V04,
    overwrite: Overwrite = False,
    list_formats: Annotated[bool, typer.Option("--list", help="List the formats and who reads them.")] = False,
) -> None:
    """Export masks to the format another tool reads, and say what it cannot keep.

    napari-cliptrase export masks/ --to coco --out annotations.json
    """
    if list_formats:
        typer.echo(format_list())
        return
    if not masks:
        raise MaskFormatError("There is nothing to export; name mask files or a folder of them.")
    if not to:
        raise MaskFormatError("Name the format with --to; --list shows all formats.")
    if out is None:
        raise MaskFormatError("Name the file or folder to write with --out.")
    form = format_named(to)
    typer.echo(f"Exporting {named(masks)} to {form.title}", err=True)
    with writing(out), work_bar("reading") as watch:
        project = project_meant(masks, only, classes, images)
        blocked: Mapping[str, str] = {}
        if project is None:
            found = read_masks(masks, classes=chosen_table(classes), watch=watch)
        else:
            found, blocked = masks_of_project(project, only, out)
        options = options_for(
            found,
            id_map,
            split_corners=split_corners,
            strict=strict,
            instances=instances,
            palette=palette,
            holes=holes,
            subset=subset,
            ngff=ngff,
            protect=not overwrite,
        )
        report = write_or_preview(form, with_images(found, images), out, options, watch, dry_run=dry_run)
    report_export(form, report, found, out, dry_run=dry_run)
    report_blocked(blocked)


def options_for(
    masks: tuple[LabelImage, ...], id_map: Path | None, *, split_corners: bool, **choices: Any
) -> ExportOptions:
    """Return the options of a command; ``choices`` are fields of the options that are options of the command too."""
    ids = None if id_map is None else parse_id_map(id_map, masks)
    return ExportOptions(corners=not split_corners, id_map=ids, **choices)


def writing(out: Path) -> AbstractContextManager[None]:
    """Say, when Ctrl-C stops the block, that nothing was written: an export takes place as a whole or not at all."""
    return message_when_stopped(lambda: f"Stopped. Nothing was written to {out}; what was there is as it was.")


def write_or_preview(
    form: MaskFormat,
    masks: tuple[LabelImage, ...],
    out: Path,
    options: ExportOptions,
    watch: Watch,
    *,
    dry_run: bool,
) -> ExportReport:
    """Write masks, or find out what writing them would do."""
    steps = form.preview_steps(masks, out, options) if dry_run else form.write_steps(masks, out, options)
    return run_to_end(steps, watch)


def report_export(
    form: MaskFormat, report: ExportReport, masks: Iterable[LabelImage], out: Path, *, dry_run: bool
) -> None:
    """Print what was written and lost, and what the masks' files had to say."""
    typer.echo(report.text())
    for note in dict.fromkeys(note for mask in masks for note in mask.notes):
        typer.echo(f"Note: {note}")
    typer.echo("Nothing was written." if dry_run else f"Wrote {form.title} to {out}")


def format_list() -> str:
    """Return the formats in lines: key, whether they can be read back, who reads them."""
    width = max(map(len, FORMATS))
    lines = []
    for key, entry in FORMATS.items():
        marks = ["lossless" if entry.lossless else "lossy", "read and write" if entry.decode else "write only"]
        if not entry.available:
            marks.append(f'pip install "napari-cliptrase[{entry.extra}]"')
        lines.append(f"{key:{width}}  {entry.title}: {entry.description} ({', '.join(marks)})")
    return "\n".join(lines)


def chosen_table(path: Path | None) -> ClassTable | None:
    """Read a class table, or return None for no path."""
    return None if path is None else read_class_file(path)

"""napari-cliptrase convert: masks from one format into another."""

from pathlib import Path
from typing import Annotated

import typer

from napari_cliptrase.cli.export import (
    Classes,
    DryRun,
    HolesChoice,
    IdMap,
    Images,
    Instances,
    Ngff,
    Overwrite,
    PaletteChoice,
    SplitCorners,
    Strict,
    Subset,
    chosen_table,
    options_for,
    report_export,
    write_or_preview,
    writing,
)
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.masks.export_options import Holes, NgffVersion, Palette
from napari_cliptrase.masks.images import with_images
from napari_cliptrase.masks.registry import format_named, guess_format


def convert(
    source: Annotated[Path, typer.Argument(help="File or folder to read.")],
    target: Annotated[Path, typer.Argument(help="File or folder to write.")],
    to: Annotated[str, typer.Option("--to", help="Format to write; 'export --list' shows all.")],
    from_: Annotated[str, typer.Option("--from", help="Format to read; guessed when left out.")] = "",
    classes: Classes = None,
    images: Images = None,
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
) -> None:
    """Convert masks between two formats.

    napari-cliptrase convert annotations.json masks/ --to png
    """
    form = format_named(to)
    typer.echo(f"Converting {source} to {form.title}", err=True)
    with writing(target), work_bar("reading") as watch:
        reader = format_named(from_) if from_ else guess_format(source)
        masks = reader.read(source, chosen_table(classes), watch)
        options = options_for(
            masks,
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
        report = write_or_preview(form, with_images(masks, images), target, options, watch, dry_run=dry_run)
    report_export(form, report, masks, target, dry_run=dry_run)

"""napari-cliptrase refine: sharper boundaries for a mask from anywhere."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.registry import FORMATS, format_named, guess_format
from napari_cliptrase.models.catalog import DEFAULT_SAM
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.methods import METHOD_HELP, Method, load_refiner_steps
from napari_cliptrase.refine.protocol import check_labels

if TYPE_CHECKING:
    from napari_cliptrase.masks.format import MaskFormat
    from napari_cliptrase.masks.label_image import LabelImage
    from napari_cliptrase.pixels.read import ImageFile


def refine(
    image: Annotated[Path, typer.Argument(help="The image.")],
    mask: Annotated[Path, typer.Argument(help="Its mask, in any format that can be read.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File or folder to write; may be the mask itself.")],
    method: Annotated[
        Method, typer.Option("--method", help=f"How boundaries are found. {METHOD_HELP}")
    ] = Method.SAM_PROMPTS,
    sam: Annotated[
        str, typer.Option("--sam", help="SAM: demo, vit_b, vit_l, vit_h, vit_t, or a checkpoint file.")
    ] = DEFAULT_SAM,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, or mps.")] = "auto",
    strength: Annotated[
        str, typer.Option("--strength", help="never, free, or band:8 to change only 8 pixels along boundaries.")
    ] = "free",
    only: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class, by name or id; may be repeated.")
    ] = None,
    locked: Annotated[
        list[str] | None, typer.Option("--lock", help="Never change this class; may be repeated.")
    ] = None,
    points: Annotated[
        int | None, typer.Option("--points", min=1, max=128, help="sam-vote: points along a side, 8, 16 or 32.")
    ] = None,
    quality: Annotated[
        float | None,
        typer.Option("--quality", min=0, max=1, help="SAM methods: the IoU that SAM must expect of a mask, 0 to 1."),
    ] = None,
    from_: Annotated[str, typer.Option("--from", help="Format of the mask; guessed when left out.")] = "",
    to: Annotated[
        str, typer.Option("--to", help="Format to write; by the name of --out when left out, else png.")
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that was edited or comes from elsewhere.")
    ] = False,
) -> None:
    """Sharpen the boundaries of a mask along the image.

    napari-cliptrase refine photo.jpg mask.png --out sharp.png
    """
    typer.echo(f"Refining {mask} along {image} ({method.value})", err=True)
    for path in (image, mask):
        if not path.exists():
            raise CliptraseError(f"{path} does not exist; check the name.")
    with message_when_stopped(lambda: f"Stopped. Nothing was written to {out}."), work_bar("reading") as watch:
        from napari_cliptrase.engine.pipeline import (
            RefineRequest,
            prepare_refiner_steps,
            refine_plane_steps,
        )
        from napari_cliptrase.refine.limits import Limits, Strength

        source = format_named(from_) if from_ else guess_format(mask)
        form = format_named(to) if to else source if out.resolve() == mask.resolve() else _format_of(out)
        form.place(out)  # refuses a name that does not go with the format, before all the work
        given = _only_mask(source.read(mask, watch=watch), mask)
        limits = Limits(Strength.parse(strength), None if only is None else _ids(given, only))
        locked_ids = _ids(given, locked or [])
        picture = read_image(image)
        _check_planes(picture, given, mask)
        before = given.labels.reshape(-1, *given.shape)
        check_labels(before[0], (picture.array.shape[picture.roles.y], picture.array.shape[picture.roles.x]))
        after = before.copy()
        notes: list[str] = []
        if given.instances is not None and given.instances.any():
            notes.append(
                f"{mask} numbers its objects; the numbers are left out, since boundaries move. Connected parts can be "
                "numbered again when the mask is exported."
            )
        refiner = run_to_end(load_refiner_steps(method, sam, device, _options(points, quality)), watch)
        for number, index in enumerate(picture.indices()):
            prepared = run_to_end(prepare_refiner_steps(refiner, picture.rgb(index)), watch)
            request = RefineRequest(before[number], limits=limits, locked=locked_ids)
            refined = run_to_end(refine_plane_steps(prepared, request), watch)
            after[number] = refined.labels
            notes += [note for note in refined.notes if note not in notes]
        options = ExportOptions(protect=not overwrite and out.resolve() != mask.resolve())
        sharpened = replace(given, labels=after.reshape(given.labels.shape), instances=None)
        run_to_end(form.write_steps(sharpened, out, options), watch)
    changed = int((after != before).sum())
    for note in notes:
        typer.echo(f"Note: {note}")
    typer.echo(f"Changed {changed} of {before.size} pixels ({100 * changed / before.size:.1f} %). Wrote {out}")


def _format_of(out: Path) -> "MaskFormat":
    """Return the format that the name of a file asks for; png for a folder."""
    name = out.name.lower()
    endings = [ending for entry in FORMATS.values() for ending in entry.extensions if name.endswith(ending)]
    if not endings or out.is_dir():
        return format_named("png")
    longest = max(endings, key=len)
    found = [entry for entry in FORMATS.values() if longest in entry.extensions]
    if longest != ".png" and len(found) > 1:
        keys = ", ".join(entry.key for entry in found)
        raise CliptraseError(f"{out} may be of several formats; name one with --to: {keys}.")
    return found[0]


def _only_mask(masks: "tuple[LabelImage, ...]", path: Path) -> "LabelImage":
    if len(masks) != 1:
        raise CliptraseError(f"{path} holds {len(masks)} masks; name the file of one.")
    return masks[0]


def _ids(mask: "LabelImage", names: list[str]) -> frozenset[int]:
    """Return the ids of classes that are named by name or by id."""
    ids = set()
    for name in names:
        entry = mask.classes.by_name(name)
        if entry is None and name.isdecimal():
            entry = mask.classes.get(int(name))
        if entry is None:
            known = ", ".join(f"{entry.name} ({entry.id})" for entry in mask.classes)
            raise CliptraseError(f"The mask has no class {name!r}; it has {known}.")
        ids.add(entry.id)
    return frozenset(ids)


def _check_planes(picture: "ImageFile", mask: "LabelImage", path: Path) -> None:
    planes = mask.labels.shape[:-2]
    if int(np.prod(planes)) != int(np.prod(picture.plane_shape)):
        raise CliptraseError(
            f"{path} holds {int(np.prod(planes))} planes and {picture.path} {int(np.prod(picture.plane_shape))}; "
            "choose the image that the mask was drawn on."
        )


def _options(points: int | None, quality: float | None) -> dict[str, float]:
    options: dict[str, float] = {}
    if points is not None:
        options["points"] = points
    if quality is not None:
        options["quality"] = quality
    return options

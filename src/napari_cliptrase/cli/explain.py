"""napari-cliptrase explain: figures of what the method makes of an image."""

from pathlib import Path
from typing import Annotated

import typer

from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.model_options import ClipName, Device
from napari_cliptrase.cli.prompt_options import Prompts, prompts_if_given
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models.catalog import DEFAULT_CLIP
from napari_cliptrase.optional_packages import check_matplotlib
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.progress import run_to_end


def explain(
    image: Annotated[Path, typer.Argument(help="The image.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the figures; made when missing.")],
    prompts: Prompts = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="A point x,y in pixels whose patch is looked at; may be repeated.")
    ] = None,
    model: ClipName = DEFAULT_CLIP,
    recovery: Annotated[Recovery, typer.Option(help="How the last attention layer is changed.")] = Recovery.CLIPTRASE,
    size: Annotated[int, typer.Option(min=32, max=2048, help="Short side of the model's view in pixels.")] = 336,
    device: Device = "auto",
) -> None:
    """Draw what happens to an image: attention, class token, recovery, regions, labels.

    The figure of labels needs --prompts.

    napari-cliptrase explain photo.jpg --prompts "cat; dog; grass" --out figures
    """
    points = [_point(text) for text in at or ()]
    classes = prompts_if_given(prompts)
    if not image.exists():
        raise CliptraseError(f"{image} does not exist; check the name.")
    if out.exists() and not out.is_dir():
        raise CliptraseError(f"{out} is a file, but --out names a folder; choose another name.")
    check_matplotlib("A figure")
    typer.echo(f"Explaining {image} with {model}; figures go to {out}", err=True)
    with message_when_stopped(lambda: f"Stopped. No figure was written to {out}."), work_bar("reading") as watch:
        from napari_cliptrase.explain.figures import write_figures
        from napari_cliptrase.explain.stages import explain_steps
        from napari_cliptrase.models.load import load_model_steps

        picture = read_image(image)
        index = next(iter(picture.indices()))
        clip = run_to_end(load_model_steps(model, device), watch)
        settings = Settings(recovery=recovery, resolution=size)
        stages = run_to_end(explain_steps(clip, picture.rgb(index), classes, settings, points), watch)
        paths = write_figures(stages, out)
    if any(index) or picture.plane_shape:
        typer.echo("Note: The image has several planes; the first one is shown.")
    if classes is None:
        typer.echo("Note: Without --prompts there are no classes, and no figure of labels.")
    typer.echo(f"Wrote {', '.join(path.name for path in paths)} to {out}")


def _point(text: str) -> tuple[int, int]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise CliptraseError(f"{text!r} is not a point; write x,y in pixels, such as 120,80.")
    return int(parts[0]), int(parts[1])

"""napari-cliptrase demo: the main job at once, in a window or, where none can open, in a folder."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from napari_cliptrase.atomic import replacing
from napari_cliptrase.cli import desktop
from napari_cliptrase.cli.segment import segment
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.models.torch_trouble import need_torch

DEMO_FOLDER = Path("cliptrase-demo")


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Open no window; write files.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=f"Folder for the files ({DEMO_FOLDER}); opens no window.")
    ] = None,
) -> None:
    """Show what it does, on a painted scene with the model that ships: nothing is downloaded.

    Opens napari with the scene, the classes and the result. Without a display it writes the same into a folder.
    """
    if headless or out is not None:
        _write(out or DEMO_FOLDER)
        return
    reason = _why_no_window()
    if reason is None:
        typer.echo("Opening napari with a painted scene; the first start takes longer", err=True)
        need_torch()  # before Qt: on Windows torch's libraries do not load after Qt's
        from napari_cliptrase.plugin.start import open_demo

        open_demo()
    else:
        typer.echo(f"No window: {reason}\nThe same without a window:\n", err=True)
        _write(DEMO_FOLDER)


def _why_no_window() -> str | None:
    if importlib.util.find_spec("napari") is None:
        return "napari is not installed; install it with: pip install 'napari-cliptrase[all]'"
    return desktop.can_open_window()


def _write(folder: Path) -> None:
    """Write scene, masks, overlay and class table, by the same code as ``napari-cliptrase segment``."""
    typer.echo(f"Painting a scene into {folder}", err=True)
    from napari_cliptrase.demo.first_look import first_look

    if folder.exists() and not folder.is_dir():
        raise CliptraseError(f"{folder} is a file, but --out names a folder; choose another name.")
    image, prompts = first_look()
    scene = folder / "scene.png"
    with replacing(scene) as temporary:
        Image.fromarray(image).save(temporary)
    masks = folder / "masks"
    segment([str(scene)], masks, prompts=prompts, model="demo", overwrite=True)
    FORMATS["png-per-class"].write(FORMATS["png"].read(masks / "scene.png"), folder / "layers")
    typer.echo(
        f"scene: {scene}\noverlay with legend: {masks / 'overlays' / 'scene.jpg'}\n"
        f"all classes in one mask: {masks / 'scene.png'}\na mask per class: {folder / 'layers'}"
    )

"""Commands that are killed: what is there before, and which command then runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

Run = Callable[..., None]
"""Runs the command with these arguments in the current folder and waits for its end."""


@dataclass(frozen=True)
class Scenario:
    """A command that replaces what an earlier run of it has written.

    Attributes
    ----------
    name
        Names the scenario on the command line.
    prepare
        Fills an empty folder, which is the current one, with the inputs and with what earlier runs wrote.
    arguments
        Of the command that is killed, and of the next run after it.
    out
        The folder in which both write.
    edited
        A file in it that a person changed since it was written; no run may touch it.
    """

    name: str
    prepare: Callable[[Run], None]
    arguments: Sequence[str]
    out: str
    edited: str | None = None


CLASSES = "sky; sea; sand; tree; house; background: wall"
PICTURES = ("a.png", "b.png", "sub/c.png", "sub/d.png")


def _pictures() -> None:
    chance = np.random.default_rng(0)
    for name in PICTURES:
        path = Path("pictures", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 255, (48, 64, 3), np.uint8)).save(path)


def _mask(stem: str, version: int) -> LabelImage:
    labels = np.zeros((40, 60), np.uint8)
    labels[4:20, 4 + version : 30] = 1
    labels[20 + version : 36, 10:50] = 2
    labels[2, 50 : 54 + version] = 3
    table = ClassTable(tuple(MaskClass.named(i, name) for i, name in enumerate(("cat", "dog", "犬"), 1)))
    return LabelImage(labels, table, stem=stem, image_name=f"{stem}.png")


def _masks(version: int) -> None:
    FORMATS["png"].write([_mask(stem, version) for stem in ("a", "b", "c")], "masks")


def _edit(path: str) -> None:
    """Change one pixel, as a person does in another program."""
    with Image.open(path) as image:
        changed = image.copy()
    changed.putpixel((0, 0), 2)
    changed.save(path)


def _segment(options: Sequence[str], run: Run) -> None:
    _pictures()
    run("segment", "pictures", "--model", "demo", "--prompts", "sky; sea; sand", "--out", "out", *options)
    _edit("out/b.png")


def _segment_first(run: Run) -> None:
    _pictures()


def _export(key: str, run: Run) -> None:
    _masks(0)
    run("export", "masks", "--to", key, "--out", "out")
    _masks(1)


def _convert(key: str, target: str, run: Run) -> None:
    FORMATS["coco"].write([_mask(stem, 0) for stem in ("a", "b")], "a.json")
    run("convert", "a.json", target, "--to", key)
    FORMATS["coco"].write([_mask(stem, 1) for stem in ("a", "b")], "a.json")


def _one_zarr(run: Run) -> None:
    FORMATS["png"].write(_mask("a", 0), "a.png")
    run("convert", "a.png", "out/a.ome.zarr", "--to", "ome-zarr")
    FORMATS["png"].write(_mask("a", 1), "a.png")


def _labels_of_an_image(run: Run) -> None:
    import zarr

    image = zarr.open_group("out/a.ome.zarr", mode="w", zarr_format=2)
    image.create_array("0", data=np.zeros((40, 60), np.uint8), chunk_key_encoding={"name": "v2", "separator": "/"})
    image.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": [{"name": axis, "type": "space"} for axis in "yx"],
            "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0]}]}],
        }
    ]
    _one_zarr(run)


def _of_segment(*options: str) -> tuple[str, ...]:
    return ("segment", "pictures", "--model", "demo", "--prompts", CLASSES, "--out", "out", *options)


_EXPORTS = tuple(
    Scenario(f"export-{key}", partial(_export, key), ("export", "masks", "--to", key, "--out", "out"), "out")
    for key in ("png", "png-per-class", "voc", "ome-tiff", "coco", "cvat", "yolo", "nifti", "ome-zarr")
    if FORMATS[key].available
)
_ZARRS = (
    Scenario("convert-ome-zarr", _one_zarr, ("convert", "a.png", "out/a.ome.zarr", "--to", "ome-zarr"), "out"),
    Scenario("convert-labels", _labels_of_an_image, ("convert", "a.png", "out/a.ome.zarr", "--to", "ome-zarr"), "out"),
)

SCENARIOS = (
    Scenario("segment", partial(_segment, ()), _of_segment(), "out", "out/b.png"),
    Scenario("segment-scores", partial(_segment, ("--scores",)), _of_segment("--scores"), "out", "out/b.png"),
    Scenario("segment-first", _segment_first, _of_segment(), "out"),
    *_EXPORTS,
    Scenario("convert-png", partial(_convert, "png", "out"), ("convert", "a.json", "out", "--to", "png"), "out"),
    Scenario(
        "convert-labelme", partial(_convert, "labelme", "out"), ("convert", "a.json", "out", "--to", "labelme"), "out"
    ),
    *(_ZARRS if FORMATS["ome-zarr"].available else ()),
)

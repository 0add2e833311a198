"""Pictures of the kinds that people open."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from target import Target

from napari_cliptrase.pixels.read import read_image

_PICTURE = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)


def _pillow(name: str, folder: Path) -> tuple[Path, Sequence[Path]]:
    path = folder / name
    Image.fromarray(_PICTURE).save(path)
    return path, [path]


def _tiff(name: str, folder: Path) -> tuple[Path, Sequence[Path]]:
    path = folder / f"{name}.tif"
    stack = np.ascontiguousarray(np.moveaxis(_PICTURE, -1, 0))
    match name:
        case "ome":
            path = folder / "a.ome.tif"
            tifffile.imwrite(path, stack, photometric="minisblack", metadata={"axes": "ZYX"}, compression="zlib")
        case "imagej":
            tifffile.imwrite(path, stack, imagej=True)
        case "tiles":
            tifffile.imwrite(path, _PICTURE, photometric="rgb", tile=(16, 16), compression="zlib")
        case _:
            tifffile.imwrite(path, stack, photometric="minisblack", bigtiff=name == "big")
    return path, [path]


def _parse(source: Path, out: Path) -> None:
    image = read_image(source)
    for index in list(image.indices())[:2]:
        image.rgb(index)


TARGETS = (
    *(
        Target(f"image-{suffix}", partial(_pillow, f"a.{suffix}"), _parse)
        for suffix in ("png", "jpg", "gif", "bmp", "webp", "ppm", "jp2", "avif", "mpo")
        if f".{suffix}" in Image.registered_extensions()
    ),
    *(
        Target(f"image-tiff-{name}", partial(_tiff, name), _parse)
        for name in ("stack", "ome", "imagej", "tiles", "big")
    ),
)

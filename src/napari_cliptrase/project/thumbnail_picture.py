"""A small picture of an image with its mask over it, for lists and reports."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.project import Project

THUMBNAIL_SIZE = (72, 54)
"""Width and height in pixels that a thumbnail in a list fits into."""
STRENGTH = 0.45
"""Of the mask over the image."""


def thumbnail_of(
    project: Project, record: ImageRecord, size: tuple[int, int] = THUMBNAIL_SIZE
) -> NDArray[np.uint8] | None:
    """Return an (h, w, 3) picture of an image, with its mask where it has one; None where it cannot be read.

    It fits into ``size``, width and height in pixels.
    """
    try:
        small = _small_image(project, record.name, size)
    except (OSError, ValueError, CliptraseError, Image.DecompressionBombError):
        return None
    labels = _small_mask(project, record, (small.shape[1], small.shape[0]))
    if labels is None:
        return small
    picture = small.astype(np.float32)
    for entry in project.prompts.table():
        here = labels == entry.id
        picture[here] = (1 - STRENGTH) * picture[here] + STRENGTH * np.asarray(entry.color, np.float32)
    return np.ascontiguousarray(picture.round().astype(np.uint8))


def _small_image(project: Project, name: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    path = project.paths.image(name)
    if path.suffix.lower() in (".tif", ".tiff"):
        image = read_image(path)
        rgb = image.rgb(next(iter(image.indices())))
        step = max(1, min(rgb.shape[0] // size[1], rgb.shape[1] // size[0]))
        picture = Image.fromarray(np.ascontiguousarray(rgb[::step, ::step]))
    else:
        with Image.open(path) as opened:
            opened.draft("RGB", (2 * size[0], 2 * size[1]))  # a JPEG is read at a fraction of its size
            picture = ImageOps.exif_transpose(opened)
            if picture.mode.startswith("I"):
                picture = Image.fromarray((np.asarray(picture) / 257).astype(np.uint8))
            picture = picture.convert("RGB")
    picture.thumbnail(size)
    return np.asarray(picture, np.uint8)


def _small_mask(project: Project, record: ImageRecord, size: tuple[int, int]) -> NDArray[np.integer] | None:
    """Return the mask of a picture in the size of its thumbnail; None where there is none, or one for each plane."""
    if "" not in record.planes:
        return None
    try:
        with Image.open(project.paths.mask(record.stem)) as mask:
            return np.asarray(mask.resize(size, Image.Resampling.NEAREST))
    except (OSError, ValueError):
        return None

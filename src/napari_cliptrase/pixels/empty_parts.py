"""Parts of a slide in which there is nothing to see: glass, or what the scanner left out."""

from typing import Final

import numpy as np

from napari_cliptrase.pixels.lazy_picture import LazyPicture

_LOOK: Final = 16
"""Pixels along each side of a part that are looked at; each is the mean of its surroundings."""
_FLAT: Final = 8
"""Values out of 255 by which what is seen may differ in a part that counts as empty."""


def is_empty(picture: LazyPicture, rows: slice, columns: slice) -> bool:
    """Whether a part of a picture has one colour but for noise, seen at low resolution."""
    rgb = picture.read(rows, columns)
    height, width = (max(1, length // _LOOK) for length in rgb.shape[:2])
    cut = rgb[: rgb.shape[0] // height * height, : rgb.shape[1] // width * width].astype(np.float32)
    means = cut.reshape(cut.shape[0] // height, height, cut.shape[1] // width, width, 3).mean((1, 3))
    return bool((means.max((0, 1)) - means.min((0, 1)) <= _FLAT).all())

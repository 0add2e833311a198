"""The working image: what the model sees of a picture, in whole patches."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LONGEST_ENLARGED: Final = 4
"""A picture smaller than the working resolution is enlarged until its long side is this many times the resolution."""


@dataclass(frozen=True)
class WorkingImage:
    """How a picture is brought to the working size.

    Attributes
    ----------
    image_shape
        (H, W) of the picture.
    grid
        (h, w) patches of the working image.
    patch
        Side of a patch in pixels of the working image.
    crop
        The working image is the central square instead of the whole picture.
    """

    image_shape: tuple[int, int]
    grid: tuple[int, int]
    patch: int
    crop: bool

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the working image."""
        return self.grid[0] * self.patch, self.grid[1] * self.patch

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the labels: the picture's, or the central square's at working size."""
        return self.size if self.crop else self.image_shape

    def resized(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize a picture (H, W, 3) with bicubic filtering to ``size``; after that nothing is resampled."""
        height, width = self.size
        picture = Image.fromarray(rgb)
        if not self.crop:
            return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
        return np.asarray(self._square(picture, Image.Resampling.BICUBIC))

    def working_mask(self, mask: NDArray[np.int32]) -> NDArray[np.int32]:
        """Bring a mask (H, W) int32 of the picture to ``shape``: cropped as the picture is, each pixel its nearest."""
        return np.asarray(self._square(Image.fromarray(mask), Image.Resampling.NEAREST)) if self.crop else mask

    def _square(self, picture: Image.Image, filtering: Image.Resampling) -> Image.Image:
        """The central square, as torchvision's Resize and CenterCrop make it, rounding included."""
        side, tall = self.size[1], picture.height > picture.width
        longer = int(side * max(picture.size) / min(picture.size))
        resized = picture.resize((side, longer) if tall else (longer, side), filtering)
        left, top = (round((length - side) / 2) for length in resized.size)
        return resized.crop((left, top, left + side, top + side))


def plan_working_image(image_shape: tuple[int, int], patch: int, resolution: int, *, crop: bool) -> WorkingImage:
    """Choose the working size of a picture of (H, W) pixels whose short side should be about ``resolution`` pixels."""
    short, long = sorted(image_shape)
    if crop:
        side = max(1, round(resolution / patch))
        return WorkingImage(image_shape, (side, side), patch, crop)
    # enlarging a strip of a few pixels to full resolution would make a gigantic one
    factor = min(resolution / short, max(1.0, _LONGEST_ENLARGED * resolution / long))
    height, width = (max(1, round(length * factor / patch)) for length in image_shape)
    return WorkingImage(image_shape, (height, width), patch, crop)


def whole_patches(image_shape: tuple[int, int], patch: int) -> WorkingImage:
    """Take a picture of (H, W) pixels as it is, but for the few pixels that do not fill a whole patch."""
    height, width = (max(1, round(length / patch)) for length in image_shape)
    return WorkingImage(image_shape, (height, width), patch, crop=False)

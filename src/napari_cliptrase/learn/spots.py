"""Spots: the small squares that a patch is cut into, and what colour and texture say of them. No Qt, no torch.

A patch is coarse, and it says what the model has learned to see. A spot is a few pixels wide, and says how they look.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats, Rgb
from napari_cliptrase.classes.scores import sampling

SPOTS_ALONG: Final = 4
"""Spots along each side of a patch."""
SCALES: Final = (1, 2, 4)
"""Widths, in pixels of the working image, of the smoothing before anything is measured."""
TEXTURE_SIZE: Final = 6 * len(SCALES)
"""Numbers that say how a spot looks."""


def spot_grid(grid: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns of spots over a grid (h, w) of patches."""
    return SPOTS_ALONG * grid[0], SPOTS_ALONG * grid[1]


def spot_textures(picture: Rgb, grid: tuple[int, int]) -> Floats:
    """How each spot looks, at each scale: three colours, gradient, edge strength and spread.

    Parameters
    ----------
    picture
        (H, W, 3) uint8 working image.
    grid
        (h, w) patches of it.

    Returns
    -------
    (spots, TEXTURE_SIZE) float32, row by row.
    """
    from scipy.ndimage import gaussian_filter, laplace, sobel  # commands that fail early do without it

    colours = picture.astype(np.float32) / 255
    light = colours.mean(-1)
    rows, columns = (
        np.arange(spots + 1) * pixels // spots for spots, pixels in zip(spot_grid(grid), picture.shape, strict=False)
    )
    pixels = np.outer(np.diff(rows), np.diff(columns))

    def of_spots(values: Floats) -> Floats:
        sums = np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1)
        return np.asarray(sums / pixels, np.float32).ravel()

    found = []
    for scale in SCALES:
        smooth = [gaussian_filter(colours[..., channel], scale) for channel in range(3)]
        gray = (smooth[0] + smooth[1] + smooth[2]) / np.float32(3)
        mean, squares = gaussian_filter(light, 2 * scale), gaussian_filter(light**2, 2 * scale)
        found += [
            *map(of_spots, smooth),
            of_spots(np.hypot(sobel(gray, 1), sobel(gray, 0))),
            of_spots(np.abs(laplace(gray))),
            of_spots(np.sqrt(np.maximum(squares - mean**2, 0))),
        ]
    return np.asarray(np.stack(found, -1), np.float32)


def blended_features(features: Floats, grid: tuple[int, int], spots: NDArray[np.intp]) -> Floats:
    """(n, d) features of the patches around spots, blended as scores are when they are stretched over an image.

    Parameters
    ----------
    features
        (h*w, d) float32, row by row.
    grid
        (h, w).
    spots
        (n,) numbers of spots, row by row.
    """
    along_rows, along_columns = spot_grid(grid)
    row, column = np.divmod(spots, along_columns)
    top, bottom, down = (values[row] for values in sampling(along_rows, grid[0]))
    left, right, along = (values[column] for values in sampling(along_columns, grid[1]))
    found = np.zeros((len(spots), features.shape[1]), np.float32)
    for cells, share in ((top, 1 - down), (bottom, down)):
        for others, part in ((left, 1 - along), (right, along)):
            found += (share * part)[:, None] * features[cells * grid[1] + others]
    return found

"""Arrays that pass between rooms, by what they hold."""

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""An image, (H, W, 3)."""

LabelArray = NDArray[np.integer]
"""A number of a class or of an object for each pixel, 0 where there is none."""

Mask = NDArray[np.bool_]
"""Which pixels are meant."""

Floats = NDArray[np.float32]
"""Features, scores and correlations."""

PlaneIndex = tuple[int, ...]
"""Where a plane is in an array: its position along each axis before the last two; () of a single plane."""

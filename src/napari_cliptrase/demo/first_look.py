"""What a newcomer sees first: the painted landscape, and the classes to look for in it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.demo.samples import COAST, SAMPLE_SIZE
from napari_cliptrase.demo.world import paint_scene

PROMPTS: Final = """\
sky
sea: water, ocean
sand: beach
mountain
house
balloon
"""
"""Every class that the landscape shows; the quick start has a newcomer type the same lines."""


def first_look() -> tuple[NDArray[np.uint8], str]:
    """Return the picture of the sample *Painted landscape*, uint8 (504, 672, 3), and the text of its classes."""
    return paint_scene(COAST, SAMPLE_SIZE).image, PROMPTS

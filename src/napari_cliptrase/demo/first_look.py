"""What a newcomer sees first: a painted scene, and the classes to look for in it."""

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.demo.samples import COAST
from napari_cliptrase.demo.world import paint_scene

SIZE = (504, 672)


def first_look() -> tuple[NDArray[np.uint8], str]:
    """Return the picture, uint8 (504, 672, 3), and the text of its prompts: every class that it shows."""
    scene = paint_scene(COAST, SIZE)
    shown = set(np.unique(scene.labels).tolist())
    return scene.image, "\n".join(entry.name for entry in scene.classes if entry.id in shown)

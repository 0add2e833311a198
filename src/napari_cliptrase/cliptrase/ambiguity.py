"""Which of the classes that claim the same place is there: FreeCP's second test, by a second look at the place.

Chen et al.: *Training-Free Class Purification for Open-Vocabulary Semantic Segmentation* (ICCV 2025), written from its
equations. Classes whose places overlap, directly or through others, form a group. Each piece of the group's common
place is cut out and shown to the model alone; the class that fits it best stays, the others of the group go unless
another piece needs them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import find_objects, label
from scipy.sparse.csgraph import connected_components
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.array_types import Floats, Mask
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.purify import piece_mask, pieces_in
from napari_cliptrase.cliptrase.towers import VisionTower

PatchBox = tuple[slice, slice]
"""Rows and columns of patches."""

LOOK_SIDE: Final = 112
"""Pixels along each side of a place that is shown to the model alone."""


@dataclass(frozen=True)
class Outdone:
    """A class of a group that went: the class that stays in its place, and the soft IoU of their two places."""

    by: int
    shared: float


def purified(
    spreaded: Floats, shared: Floats, least: float, fitting: Callable[[PatchBox, Sequence[int]], int]
) -> dict[int, Outdone]:
    """Return the classes that go, each with the one that stays in its place.

    Parameters
    ----------
    spreaded
        (classes, h, w) as `purify.spread` returns them, of the classes that passed the first test.
    shared
        (classes, classes) soft IoU of their places, as `purify.shared_places` returns it.
    least
        Soft IoU from which on two classes claim the same place.
    fitting
        Returns which of several classes fits a box of patches best, as an index into those that it gets.
    """
    gone: dict[int, Outdone] = {}
    for group in groups(shared, least) if len(shared) > 1 else ():
        boxes = piece_boxes(spreaded[group].mean(0))
        if not boxes or not all(map(_area, boxes)):  # what lies in the last row or column alone cannot be looked at
            continue
        stay = {group[fitting(box, group)] for box in boxes}
        for one in group:
            if one not in stay:
                by = max(stay, key=lambda other: shared[one, other])
                gone[one] = Outdone(int(by), float(shared[one, by]))
    return gone


def groups(shared: Floats, least: float) -> list[list[int]]:
    """Return the groups, of two classes or more, that share places of at least ``least``; ``shared`` (n, n)."""
    count, number = connected_components(shared >= least, directed=False)
    found = [np.flatnonzero(number == group).tolist() for group in range(count)]
    return [group for group in found if len(group) > 1]


def piece_boxes(place: Floats) -> list[PatchBox]:
    """Return the boxes around the pieces of a map (h, w) from 0 to 1, and around their holes, as published.

    They stop one patch short of the last row and column, so a piece that lies there alone has an empty box.
    """
    mask = piece_mask(place)
    height, width = place.shape
    boxes = [*pieces_in(mask), *_hole_boxes(mask)]
    return [
        (slice(rows.start, min(rows.stop, height - 1)), slice(columns.start, min(columns.stop, width - 1)))
        for rows, columns in boxes
    ]


def look_closer(tower: VisionTower, place: Tensor, kernel: PositionKernel) -> Tensor:
    """(d,) float32 unit vector: the class token of a place alone, brought to `LOOK_SIDE` pixels.

    ``place`` (3, H, W) are its normalised pixels in the tower's dtype.
    """
    side = max(1, round(LOOK_SIDE / tower.patch)) * tower.patch
    pixels = F.interpolate(place[None].float(), size=(side, side), mode="bilinear").to(tower.dtype)
    return encode(tower, pixels, recovery=Recovery.VANILLA, kernel=kernel, correlation=False).cls[0]


def _hole_boxes(mask: Mask) -> list[PatchBox]:
    """Return boxes around what lies inside pieces without belonging to them, rim included."""
    gaps, _ = label(np.pad(~mask, 1, constant_values=True))
    outside = gaps[0, 0]
    boxes = []
    for number, box in enumerate(find_objects(gaps), start=1):
        if number != outside:
            # the padding shifts all by one, the rim widens by one
            rows, columns = (slice(side.start - 2, side.stop) for side in box)
            boxes.append((rows, columns))
    return boxes


def _area(box: PatchBox) -> int:
    height, width = (max(0, side.stop - side.start) for side in box)
    return int(height * width)

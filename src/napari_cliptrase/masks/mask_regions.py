"""Regions of a plane: one per class, or one per object."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import MaskClass
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.pixel_runs import Order, ValueRuns, column_runs, row_runs


@dataclass(frozen=True, eq=False)
class Region:
    """The pixels of one class or object.

    ``source`` is the (H, W) array in which the region has the value ``runs.value``; ``number`` counts the objects of a
    mask from 1 and is 0 for a region that is a whole class.
    """

    entry: MaskClass
    number: int
    runs: ValueRuns
    order: Order
    source: LabelArray

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x, y, width, height) of the smallest box around the region."""
        first, last, low, high = self.runs.extent
        if self.order is Order.COLUMNS:
            return first, low, last - first, high - low
        return low, first, high - low, last - first

    def crop(self) -> NDArray[np.bool_]:
        """(height, width) mask of the box."""
        x, y, width, height = self.box
        return np.asarray(self.source[y : y + height, x : x + width] == self.runs.value)


def regions(mask: LabelImage, *, order: Order, objects: bool, corners: bool = True) -> Iterator[Region]:
    """Yield the regions of a plane, without background and void.

    Parameters
    ----------
    objects
        One region per object: by the object numbers of the mask, else per connected part.
    corners
        Whether pixels that touch only at a corner belong to one part.
    """
    source = object_plane(mask, corners=corners) if objects else mask.labels
    entry_of = {entry.id: entry for entry in mask.classes}
    number = 0
    for runs in column_runs(source) if order is Order.COLUMNS else row_runs(source):
        line, at = divmod(int(runs.starts[0]), runs.line)
        entry = entry_of.get(int(mask.labels[(at, line) if order is Order.COLUMNS else (line, at)]))
        if entry is None:
            continue
        number += 1
        yield Region(entry, number if objects else 0, runs, order, source)


def object_plane(mask: LabelImage, *, corners: bool) -> LabelArray:
    """Return an array of the labels' shape with one integer per object, 0 for background and void.

    Objects lie in one class each: an object number that spans two classes gives two objects.
    """
    labels = _without_void(mask)
    if mask.instances is None:
        return _parts(labels, corners)
    instances, spread = mask.instances, int(labels.max()) + 1
    if (int(instances.max()) + 1) * spread > np.iinfo(np.int64).max:
        instances = np.unique(instances, return_inverse=True)[1].reshape(labels.shape)
    return np.where(labels == 0, 0, instances.astype(np.int64) * spread + labels)


def objects_differ_from_parts(mask: LabelImage, *, corners: bool) -> bool:
    """Whether the object numbers of a mask hold more than its connected parts, which can be numbered again."""
    if mask.instances is None:
        return False
    numbered, parts = object_plane(mask, corners=corners), _parts(_without_void(mask), corners)
    objects, number = np.unique(numbered, return_inverse=True)
    pairs = np.unique(number.reshape(-1).astype(np.int64) * (int(parts.max()) + 1) + parts.reshape(-1))
    return not len(pairs) == len(objects) == len(np.unique(parts))


def _without_void(mask: LabelImage) -> LabelArray:
    labels = mask.labels
    if mask.classes.void is None or not mask.void_pixels:
        return labels
    return np.where(labels == mask.classes.void, labels.dtype.type(0), labels)


def _parts(labels: LabelArray, corners: bool) -> LabelArray:
    from skimage.measure import label  # brings scipy, which most formats and commands do without

    # from two dimensions on: a corner is what two pixels share that differ in every axis
    return np.asarray(label(labels, background=0, connectivity=labels.ndim if corners else 1))

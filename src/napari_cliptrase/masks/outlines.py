"""Regions as polygons along pixel edges."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import MaskClass
from napari_cliptrase.masks.export_options import ExportOptions, Holes
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import object_plane
from napari_cliptrase.masks.pixel_runs import expanded
from napari_cliptrase.masks.polygon_fill import fill_all
from napari_cliptrase.masks.rings import Polygon, Ring, polygons, with_seams


class FilledPixels:
    """Which pixels of a plane get a class that they do not have, since holes around them are filled."""

    def __init__(self, plane: LabelArray) -> None:
        self._plane = plane.reshape(-1)
        self._shape = plane.shape
        self._filled = np.zeros(plane.size, bool)

    def add(self, polygon: Polygon) -> int:
        """Fill the holes of a polygon; return how many pixels are filled for the first time."""
        height, width = self._shape
        count = 0
        for _, starts, lengths in fill_all([[hole] for hole in polygon.holes], (height, width)):
            for _, index in expanded(starts, lengths):
                new = index[(self._plane[index] != polygon.value) & ~self._filled[index]]
                self._filled[new] = True
                count += len(new)
        return count


@dataclass(frozen=True, eq=False)
class Outline:
    """The polygons of one class (``number`` 0) or of one object (numbered from 1); ``filled`` is that of the mask."""

    entry: MaskClass
    number: int
    polygons: tuple[Polygon, ...]
    filled: FilledPixels

    @property
    def area(self) -> int:
        """Number of pixels."""
        return sum(polygon.area for polygon in self.polygons)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x, y, width, height)."""
        left, top, right, bottom = zip(*(polygon.box for polygon in self.polygons), strict=True)
        x, y = min(left), min(top)
        return x, y, max(right) - x, max(bottom) - y

    def plain_rings(self, holes: Holes, tally: Tally) -> list[Ring]:
        """Return one ring per part, for formats without holes: with seams, or with the holes filled and counted."""
        found = sum(len(polygon.holes) for polygon in self.polygons)
        if not found:
            return [polygon.outline for polygon in self.polygons]
        if holes is Holes.FILL:
            pixels = sum(self.filled.add(polygon) for polygon in self.polygons if polygon.holes)
            tally.fill_holes(found, pixels)
            return [polygon.outline for polygon in self.polygons]
        tally.note("Holes are joined to their outlines by lines of no width, since the format cannot hold holes.")
        return [with_seams(polygon) for polygon in self.polygons]


def outlines(mask: LabelImage, options: ExportOptions, *, objects: bool) -> Iterator[Outline]:
    """Yield the outlines of a plane, without background and void, objects numbered from 1."""
    plane = object_plane(mask, corners=options.corners) if objects else mask.labels
    filled = FilledPixels(plane)
    number = 0
    for parts in polygons(plane).values():
        x, y = parts[0].outline[0].tolist()  # an outline starts at the top left corner of a pixel
        entry = mask.classes.get(int(mask.labels[y, x]))
        if entry is None:
            continue
        number += 1
        yield Outline(entry, number if objects else 0, tuple(parts), filled)

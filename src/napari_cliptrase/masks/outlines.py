"""Regions as polygons along pixel edges."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_cliptrase.classes.table import MaskClass
from napari_cliptrase.masks.export_options import ExportOptions, Holes
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import object_plane
from napari_cliptrase.masks.rings import Polygon, Ring, polygons, ring_area, with_seams


@dataclass(frozen=True, eq=False)
class Outline:
    """The polygons of one class (``number`` 0) or of one object (numbered from 1)."""

    entry: MaskClass
    number: int
    polygons: tuple[Polygon, ...]

    @property
    def area(self) -> int:
        """Number of pixels."""
        return sum(polygon.area for polygon in self.polygons)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x, y, width, height)."""
        corners = np.concatenate([polygon.outline for polygon in self.polygons])
        x, y = corners.min(0).tolist()
        right, bottom = corners.max(0).tolist()
        return x, y, right - x, bottom - y

    def plain_rings(self, holes: Holes, tally: Tally) -> list[Ring]:
        """Return one ring per part, for formats without holes: with seams, or with the holes filled and counted."""
        found = sum(len(polygon.holes) for polygon in self.polygons)
        if not found:
            return [polygon.outline for polygon in self.polygons]
        if holes is Holes.FILL:
            tally.fill_holes(found, -sum(ring_area(hole) for p in self.polygons for hole in p.holes))
            return [polygon.outline for polygon in self.polygons]
        tally.note("Holes are joined to their outlines by lines of no width, since the format knows no holes.")
        return [with_seams(polygon) for polygon in self.polygons]


def outlines(mask: LabelImage, options: ExportOptions, *, objects: bool) -> Iterator[Outline]:
    """Yield the outlines of a plane, without background and void, objects numbered from 1."""
    plane = object_plane(mask, corners=options.corners) if objects else mask.labels
    number = 0
    for parts in polygons(plane).values():
        x, y = _first_pixel(parts[0])
        entry = mask.classes.get(int(mask.labels[y, x]))
        if entry is None:
            continue
        number += 1
        yield Outline(entry, number if objects else 0, tuple(parts))


def _first_pixel(polygon: Polygon) -> tuple[int, int]:
    """X and y of a pixel of a polygon: its outline starts at the top left corner of one."""
    x, y = polygon.outline[0].tolist()
    return x, y

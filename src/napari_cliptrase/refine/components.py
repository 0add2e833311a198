"""Connected pieces of the classes in a label array, and the prompts that each of them gives."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects, label

from napari_cliptrase.array_types import LabelArray

_EIGHT = np.ones((3, 3), bool)


@dataclass(frozen=True, eq=False)
class Component:
    """A connected piece of one class: ``region`` (h, w) bool inside the rectangle ``rows``, ``columns``."""

    class_id: int
    rows: slice
    columns: slice
    region: NDArray[np.bool_]

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(self.region.sum())

    @property
    def box(self) -> NDArray[np.float32]:
        """(4,) float32 x0, y0, x1, y1, tight around the piece, borders of pixels."""
        return np.array([self.columns.start, self.rows.start, self.columns.stop, self.rows.stop], np.float32)

    def within(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """(H, W) bool: the piece in an array of ``shape``."""
        whole = np.zeros(shape, bool)
        whole[self.rows, self.columns] = self.region
        return whole

    def peak(self, score: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """(2,) float32 x, y of the best pixel: where ``score`` (H, W) is highest, or the deepest inside without one.

        Of equally good pixels the deepest one counts, since a point on the edge may ask for the neighbour.
        """
        depth = distance_transform_edt(np.pad(self.region, 1))[1:-1, 1:-1]
        if score is None:
            value = depth
        else:
            inner = score[self.rows, self.columns]
            deep = depth >= min(depth.max(), 3)
            value = np.where(self.region & deep, inner + 1e-6 * depth / depth.max(), -np.inf)
        row, column = np.unravel_index(int(value.argmax()), value.shape)
        return np.array([self.columns.start + column, self.rows.start + row], np.float32)


def components_of(labels: LabelArray, least_area: int) -> Iterator[Component]:
    """Yield the 8-connected pieces of each class but 0 in labels (H, W) that have at least ``least_area`` pixels."""
    for class_id in np.unique(labels):
        if class_id == 0:
            continue
        pieces, _ = label(labels == class_id, _EIGHT)
        areas = np.bincount(pieces.ravel())
        for number, place in enumerate(find_objects(pieces), start=1):
            if areas[number] >= least_area:
                rows, columns = place
                yield Component(int(class_id), rows, columns, pieces[place] == number)

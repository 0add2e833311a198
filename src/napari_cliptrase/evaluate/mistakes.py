"""What an annotator sees of an image: how good it is, and the largest connected piece of a class that is wrong."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects, label

from napari_cliptrase.array_types import Mask
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.labelled_images import Truth

SCRIBBLE_REACH: Final = 1
"""Pixels to either side of the line of a scribble."""


@dataclass(frozen=True, eq=False)
class WrongPiece:
    """A connected piece of wrong pixels that all belong to one class.

    Attributes
    ----------
    class_index
        The class that they belong to.
    rows, columns
        The rectangle around them.
    region
        (h, w) bool the piece within the rectangle.
    """

    class_index: int
    rows: slice
    columns: slice
    region: Mask

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(self.region.sum())

    def depth(self) -> NDArray[np.float64]:
        """(h, w) distance of each pixel from the edge of the piece."""
        return np.asarray(distance_transform_edt(np.pad(self.region, 1)))[1:-1, 1:-1]

    def middle(self) -> tuple[int, int]:
        """Row and column, in the image, of the pixel that is deepest inside."""
        depth = self.depth()
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        return int(row) + self.rows.start, int(column) + self.columns.start

    def thickness(self) -> float:
        """Width of the piece where it is thickest, in pixels."""
        return 2 * float(self.depth().max())

    def brush_path(self, widest: float) -> float:
        """Length of the path of a brush that paints the piece: as wide as it, but at most ``widest`` pixels."""
        return self.area / max(1.0, min(self.thickness(), widest))

    def line(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns, (n,) each, in the image, of a line through the middle, along the piece and inside of it."""
        places = np.argwhere(self.region)
        middle = np.array(self.middle()) - (self.rows.start, self.columns.start)
        spread = np.cov((places - places.mean(0)).T) if len(places) > 2 else np.eye(2)
        direction = np.linalg.eigh(spread)[1][:, -1]
        reach = np.arange(1, max(self.region.shape))
        line = [middle]
        for sign in (1, -1):
            for point in np.rint(middle + sign * reach[:, None] * direction).astype(int):
                if (point < 0).any() or (point >= self.region.shape).any() or not self.region[tuple(point)]:
                    break
                line.append(point)
        found = np.unique(np.array(line), axis=0)
        return found[:, 0] + self.rows.start, found[:, 1] + self.columns.start


def line_mask(piece: Mask, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Mask:
    """(H, W) the pixels of a piece next to a line."""
    mask = np.zeros(piece.shape, bool)
    for down in range(-SCRIBBLE_REACH, SCRIBBLE_REACH + 1):
        for along in range(-SCRIBBLE_REACH, SCRIBBLE_REACH + 1):
            near = np.clip(rows + down, 0, piece.shape[0] - 1), np.clip(columns + along, 0, piece.shape[1] - 1)
            mask[near] = True
    return mask & piece


def largest_piece(mask: Mask) -> tuple[slice, slice, Mask] | None:
    """Return the largest connected piece of a mask (H, W): rows, columns, (h, w) its pixels there; None of no pixel."""
    pieces, count = label(mask)
    if not count:
        return None
    number = int(np.bincount(pieces.ravel())[1:].argmax()) + 1
    rows, columns = find_objects(pieces)[number - 1]
    return rows, columns, np.asarray(pieces[rows, columns] == number)


def largest_wrong_piece(truth: Truth, found: Truth) -> WrongPiece | None:
    """Return the largest wrong piece of ``found`` (H, W), or None when every pixel that counts is right.

    Both hold class indices; below 0 a pixel of the truth does not count.
    """
    wrong = (truth >= 0) & (truth != found)
    best: WrongPiece | None = None
    areas = np.bincount(truth[wrong])
    for index in np.argsort(-areas, kind="stable"):
        if areas[index] <= (0 if best is None else best.area):
            break
        found_piece = largest_piece(wrong & (truth == index))
        assert found_piece is not None  # the class has wrong pixels
        piece = WrongPiece(int(index), *found_piece)
        if best is None or piece.area > best.area:
            best = piece
    return best


def image_mean_iou(truth: Truth, found: Truth) -> float:
    """Mean IoU, over the classes of an image, of found class indices (H, W); below 0 a pixel has no class."""
    counted = truth >= 0
    true, given = truth[counted], found[counted]
    if not true.size:
        return 1.0
    size = 1 + int(max(true.max(), given.max()))
    counts = Confusion.of([*map(str, range(size)), "nothing"])
    counts.add(true, np.where(given < 0, size, given))
    return counts.mean_iou

"""Two label images of the same pixels: how far they agree, class by class, and where they do not."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_cliptrase.array_types import LabelArray, Mask
from napari_cliptrase.classes.prompt_class import BACKGROUND
from napari_cliptrase.evaluate.boundaries import BoundaryCounts
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.mistakes import largest_piece
from napari_cliptrase.progress import Progress

UNKNOWN_LABEL = 255
"""In a truth without a class of this number: nobody knows what the pixel is."""


@dataclass(frozen=True, eq=False)
class NamedLabels:
    """Labels (H, W), and the names of those that have one."""

    labels: LabelArray = field(repr=False)
    names: Mapping[int, str]


@dataclass(frozen=True)
class ClassMistake:
    """Pixels of one class that were taken for another: class names, how many, and their share of the true class."""

    true: str
    found: str
    pixels: int
    share: float


@dataclass(frozen=True)
class WrongPlace:
    """The largest connected piece of some mistake: the middle and the size of its box, in rows and columns."""

    middle: tuple[float, float]
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class LabelComparison:
    """The agreement of found labels with true ones.

    Attributes
    ----------
    confusion
        Pixels by true and found class.
    boundary_iou
        (classes,) agreement along the boundaries, NaN where a class has none.
    truth, found
        (H, W) index of the class, -1 in the truth where a pixel is not scored.
    """

    confusion: Confusion
    boundary_iou: NDArray[np.float64] = field(repr=False)
    truth: NDArray[np.int32] = field(repr=False)
    found: NDArray[np.int32] = field(repr=False)

    @property
    def wrong(self) -> Mask:
        """(H, W) pixels that are scored and differ."""
        return np.asarray((self.truth >= 0) & (self.truth != self.found))

    @property
    def unscored(self) -> int:
        """Pixels that are not scored."""
        return int((self.truth < 0).sum())

    def mistakes(self) -> tuple[ClassMistake, ...]:
        """Every mistake that was made, the one of most pixels first."""
        pixels, names = self.confusion.pixels.copy(), self.confusion.names
        np.fill_diagonal(pixels, 0)
        true, found = np.nonzero(pixels)
        order = np.argsort(-pixels[true, found], kind="stable")
        totals = self.confusion.true_pixels
        return tuple(
            ClassMistake(names[i], names[j], int(pixels[i, j]), float(pixels[i, j] / totals[i]))
            for i, j in zip(true[order], found[order], strict=True)
        )

    def mask_of(self, true: str | None = None, found: str | None = None) -> Mask:
        """(H, W) wrong pixels, of one class in truth or of either when only ``true`` is given; all by default."""
        if true is None:
            return self.wrong
        index = self.confusion.names.index(true)
        if found is None:
            return np.asarray(self.wrong & ((self.truth == index) | (self.found == index)))
        return np.asarray(self.wrong & (self.truth == index) & (self.found == self.confusion.names.index(found)))


def compare_labels_steps(
    truth: NamedLabels, found: NamedLabels, *, skip_zero: bool = False
) -> Generator[Progress, None, LabelComparison]:
    """Compare labels of the same size; classes of the same name are the same, and of the same number without names.

    ``skip_zero`` leaves out pixels that are 0 in the truth, where 0 means that nobody has labelled them.
    """
    yield Progress(0, 2, "Counting pixels")
    names = {**found.names, **truth.names}
    other = {**truth.names, **found.names}
    true_values, true_places = np.unique(truth.labels, return_inverse=True)
    found_values, found_places = np.unique(found.labels, return_inverse=True)
    true_names = [_name_of(int(value), names) for value in true_values]
    found_names = [_name_of(int(value), other) for value in found_values]
    classes = list(dict.fromkeys([*true_names, *found_names]))
    skipped = {0} if skip_zero else set()
    if UNKNOWN_LABEL not in truth.names:
        skipped.add(UNKNOWN_LABEL)
    true_index = [
        -1 if int(value) in skipped else classes.index(name)
        for value, name in zip(true_values, true_names, strict=True)
    ]
    true = np.asarray(true_index, np.int32)[true_places].reshape(truth.labels.shape)
    taken = np.asarray([classes.index(name) for name in found_names], np.int32)[found_places].reshape(true.shape)
    confusion = Confusion.of(classes)
    confusion.add(true, taken, void=-1)
    yield Progress(1, 2, "Comparing boundaries")
    scored = true >= 0
    counts = BoundaryCounts.of(
        np.where(scored, true, len(classes)), np.where(scored, taken, len(classes)), len(classes)
    )
    return LabelComparison(confusion, counts.iou, true, taken)


def worst_place(mask: Mask) -> WrongPlace | None:
    """Return where most pixels of a mask (H, W) lie together; None where there is none.

    Thin lines along boundaries count only where nothing else is wrong.
    """
    broad = ndimage.binary_opening(mask, np.ones((3, 3), bool))
    piece = largest_piece(broad if broad.any() else mask)
    if piece is None:
        return None
    rows, columns, _ = piece
    middle = (rows.start + rows.stop - 1) / 2, (columns.start + columns.stop - 1) / 2
    return WrongPlace(middle, (rows.stop - rows.start, columns.stop - columns.start))


def _name_of(label: int, names: Mapping[int, str]) -> str:
    return names.get(label, f"label {label}" if label else BACKGROUND)

"""What a result changes in which layer: pure arrays, no layers touched.

The merge rule of `napari_cliptrase.merge` decides; here its inputs are joined over all label layers of an image, since
a pixel painted in the layer of one class must not be claimed by another.
"""

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from napari_cliptrase.array_types import LabelArray, Mask
from napari_cliptrase.merge import MergeMode, merge_labels
from napari_cliptrase.plugin.layers.row_bands import row_bands


@dataclass(frozen=True)
class Content:
    """One plane of one label layer: its labels (H, W), its hand edits, and the class it is for (None = combined)."""

    labels: LabelArray
    edits: Mask
    class_id: int | None

    def rows(self, rows: slice) -> "Content":
        """Return some rows of it."""
        return Content(self.labels[rows], self.edits[rows], self.class_id)


@dataclass(frozen=True)
class PlaneConstraints:
    """What holds for all layers of a plane.

    Attributes
    ----------
    edited
        Changed by hand in any layer.
    painted
        Given to a class by hand in any class layer.
    closed
        Not to be written: locked classes, all outside of the chosen part, in fill-empty mode all that has a label.
    """

    edited: Mask
    painted: Mask
    closed: Mask

    def rows(self, rows: slice) -> "PlaneConstraints":
        """Return some rows of it."""
        return PlaneConstraints(self.edited[rows], self.painted[rows], self.closed[rows])


def constraints_of(
    contents: Iterable[Content], proposed: LabelArray, where: Mask | None, mode: MergeMode, locked: Collection[int]
) -> Generator[None, None, PlaneConstraints]:
    """Join the edits and locks of all layers, one at a time.

    ``proposed`` is (H, W), ``where`` (H, W) the part that may be written.
    """
    shape = proposed.shape
    constraints = PlaneConstraints(
        np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool) if where is None else ~where
    )
    if locked:
        np.logical_or(constraints.closed, np.isin(proposed, list(locked)), out=constraints.closed)
    for content in contents:
        add_constraint(constraints, content, mode, locked)
        yield
    return constraints


def add_constraint(constraints: PlaneConstraints, content: Content, mode: MergeMode, locked: Collection[int]) -> None:
    """Join what one layer holds to what holds for all, in place."""
    labels = content.labels
    np.logical_or(constraints.edited, content.edits, out=constraints.edited)
    if content.class_id is not None:
        for rows in row_bands(labels.shape):
            constraints.painted[rows] |= content.edits[rows] & (labels[rows] != 0)
    if mode is MergeMode.FILL_EMPTY or content.class_id in locked:
        np.logical_or(constraints.closed, labels != 0, out=constraints.closed)
    elif content.class_id is None and locked:
        np.logical_or(constraints.closed, np.isin(labels, list(locked)), out=constraints.closed)


def merged_content(
    content: Content, proposed: LabelArray, constraints: PlaneConstraints, mode: MergeMode, locked: Collection[int]
) -> LabelArray:
    """(H, W) labels of one layer after the result.

    A pixel that was painted by hand in another layer belongs to that class: what the model once wrote there in this
    layer goes.
    """
    if content.class_id in locked:
        return content.labels
    merged = np.empty_like(content.labels)
    for rows in row_bands(merged.shape):
        merged[rows] = _merged_rows(content.rows(rows), proposed[rows], constraints.rows(rows), mode)
    return merged


def _merged_rows(content: Content, proposed: LabelArray, constraints: PlaneConstraints, mode: MergeMode) -> LabelArray:
    dtype = content.labels.dtype
    result = proposed.astype(dtype)
    if content.class_id is not None:
        result = (proposed == content.class_id).astype(dtype)
        result *= dtype.type(content.class_id)
    np.copyto(result, content.labels, where=constraints.closed)
    merged = merge_labels(content.labels, result, mode=mode, edited=constraints.edited)
    if mode is MergeMode.KEEP_EDITS and content.class_id is not None:
        merged[constraints.painted & ~content.edits & ~constraints.closed] = 0
    return merged


def join_class_layers(contents: Sequence[Content], shape: tuple[int, int], dtype: np.dtype) -> tuple[LabelArray, int]:
    """Join class layers, bottom first, into one (H, W) label array; also return how many pixels several layers claim.

    Where layers overlap, a hand edit wins over a model's pixel, and between two of a kind the higher layer wins.
    """
    joined = np.zeros(shape, dtype)
    claims = np.zeros(shape, np.uint8)
    for content in contents:
        here = content.labels != 0
        claims += here & (claims < 2)
        joined[here] = content.labels[here]
    for content in contents:
        by_hand = (content.labels != 0) & content.edits
        joined[by_hand] = content.labels[by_hand]
    return joined, int(np.count_nonzero(claims > 1))

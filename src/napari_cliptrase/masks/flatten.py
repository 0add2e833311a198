"""Layers per class into one label array, and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import dtype_for


@dataclass(frozen=True, eq=False)
class Flattened:
    """The flat labels, and how many pixels more than one layer claimed for different classes."""

    labels: LabelArray
    overlapped: int


def flatten(layers: Sequence[LabelArray]) -> Flattened:
    """Join label arrays of one shape, bottom first: where several hold a label the last one wins."""
    if not layers:
        raise MaskFormatError("There is no layer to combine; choose at least one label layer.")
    arrays = [np.asarray(layer) for layer in layers]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        sizes = " and ".join(" × ".join(map(str, shape)) for shape in sorted(shapes))
        raise MaskFormatError(f"Layers of {sizes} pixels cannot be combined; choose layers of one image.")
    flat = np.zeros(arrays[0].shape, dtype_for(max(int(array.max(initial=0)) for array in arrays)))
    contested = np.zeros(flat.shape, bool)
    for array in arrays:
        claimed = array != 0
        contested |= claimed & (flat != 0) & (flat != array)
        np.copyto(flat, array, where=claimed, casting="unsafe")
    return Flattened(flat, int(np.count_nonzero(contested)))


def split_classes(labels: LabelArray, ids: Iterable[int]) -> dict[int, LabelArray]:
    """Return for each class id an array of shape and dtype of ``labels``: the id where they hold it, 0 elsewhere."""
    array = np.asarray(labels)
    return {class_id: np.where(array == class_id, array, array.dtype.type(0)) for class_id in ids}

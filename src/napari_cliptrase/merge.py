"""The one rule for merging a model result with existing labels.

Used by every writer of labels (layers, files, SAM refinement), so that a pixel that an annotator changed
stays unless they choose otherwise.
"""

from collections.abc import Collection
from enum import StrEnum

import numpy as np

from napari_cliptrase.array_types import LabelArray, Mask


class MergeMode(StrEnum):
    """What a new model result may overwrite."""

    FILL_EMPTY = "fill-empty"
    """Only pixels that hold 0 and were not made 0 by hand."""
    KEEP_EDITS = "keep-edits"
    """Everything but hand edits."""
    REPLACE = "replace"
    """Everything but locked classes."""


def edited_pixels(current: LabelArray, last_result: LabelArray | None) -> Mask:
    """(H, W) pixels whose label is not that of the last model result, (H, W); without one, every label is edited."""
    if last_result is None:
        return np.asarray(current != 0)
    return np.asarray(current != last_result)


def merge_labels(
    current: LabelArray,
    proposed: LabelArray,
    *,
    mode: MergeMode = MergeMode.KEEP_EDITS,
    edited: Mask | None = None,
    locked_ids: Collection[int] = (),
) -> LabelArray:
    """Return ``current`` with ``proposed`` merged into it, with the dtype of ``current``; both stay unchanged.

    Parameters
    ----------
    current, proposed
        Label arrays of one shape; 0 is background.
    mode
        What may be overwritten.
    edited
        Pixels changed by hand (`edited_pixels`, joined over all layers of an image when each class has its layer).
        None means: derive them from ``current`` alone, so that every labelled pixel counts as edited.
    locked_ids
        Classes that neither lose nor gain a pixel, whatever the mode.
    """
    if current.shape != proposed.shape:
        raise ValueError(f"labels of shape {current.shape} cannot take a result of shape {proposed.shape}")
    if edited is None:
        edited = edited_pixels(current, None)
    changes = current != proposed
    if mode is not MergeMode.REPLACE:
        changes &= ~edited
    if mode is MergeMode.FILL_EMPTY:
        changes &= current == 0
    if locked_ids:
        locked = np.asarray(sorted(locked_ids))
        changes &= ~np.isin(current, locked) & ~np.isin(proposed, locked)
    merged = current.copy()
    np.copyto(merged, proposed, where=changes, casting="unsafe")
    return merged

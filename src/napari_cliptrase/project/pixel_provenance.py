"""Where each pixel of a mask comes from, and how that changes when a person or a model writes labels."""

from collections.abc import Collection
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.merge import MergeMode, merge_labels

Sources = NDArray[np.uint8]


class Provenance(IntEnum):
    """Who decided the class of a pixel."""

    NONE = 0
    MODEL = 1
    REFINED = 2
    HAND = 3
    """A person, also where they made it background."""
    REVIEWED = 4
    """A second person agreed."""


PALETTE: Final[tuple[RGB, ...]] = tuple(
    {0: (0, 0, 0), 1: (70, 130, 180), 2: (64, 200, 200), 3: (255, 165, 0), 4: (60, 180, 75)}.get(value, (255, 0, 255))
    for value in range(256)
)
"""Colours of a provenance file, for whoever looks at it."""


def by_hand(sources: Sources) -> NDArray[np.bool_]:
    """(H, W) whether a person decided a pixel: no model run may change it."""
    return np.asarray(sources >= Provenance.HAND)


def assumed_sources(labels: LabelArray) -> Sources:
    """Return the provenance of labels (H, W) that came without one: whatever has a class counts as drawn by hand."""
    return np.where(labels != 0, np.uint8(Provenance.HAND), np.uint8(Provenance.NONE))


def sources_after_edit(before: LabelArray, after: LabelArray, sources: Sources) -> Sources:
    """(H, W) uint8 provenance after a person turned ``before`` (H, W) into ``after``: what changed is by hand."""
    changed = before != after
    if not changed.any():
        return sources
    return np.where(changed, np.uint8(Provenance.HAND), sources)


def disagreeing(labels: LabelArray, sources: Sources, proposed: LabelArray) -> tuple[int, int]:
    """Return for how many pixels that people decided a model wants another label, and how many they decided.

    All three arrays are (H, W): labels, their provenance, and the labels of the model.
    """
    decided = by_hand(sources)
    return int(np.count_nonzero(decided & (labels != proposed))), int(np.count_nonzero(decided))


def merge_result(
    labels: LabelArray,
    sources: Sources,
    proposed: LabelArray,
    *,
    kind: Provenance = Provenance.MODEL,
    mode: MergeMode = MergeMode.KEEP_EDITS,
    locked_ids: Collection[int] = (),
) -> tuple[LabelArray, Sources]:
    """Return labels and provenance after a model result was merged with them; the arguments stay unchanged.

    Parameters
    ----------
    labels, proposed
        (H, W) integers; the result has a dtype that holds both.
    sources
        (H, W) uint8, `Provenance` of ``labels``.
    kind
        Provenance of pixels that take the proposal: ``MODEL`` or ``REFINED``.
    mode, locked_ids
        See `merge_labels`.
    """
    current = labels.astype(np.promote_types(labels.dtype, proposed.dtype), copy=False)
    merged = merge_labels(current, proposed, mode=mode, edited=by_hand(sources), locked_ids=locked_ids)
    if mode is MergeMode.FILL_EMPTY:
        taken = merged != current
    else:
        taken = merged == proposed
        if mode is MergeMode.KEEP_EDITS:
            taken &= ~by_hand(sources)
        if locked_ids:
            taken &= ~np.isin(merged, sorted(locked_ids))
    new = np.where(merged != 0, np.uint8(kind), np.uint8(Provenance.NONE))
    return merged, np.where(taken, new, sources)

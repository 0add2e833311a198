"""How far a refinement may go: nowhere, a band along the boundaries, or anywhere; and which classes it may touch."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_cliptrase.array_types import LabelArray, Mask
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode, merge_labels


@dataclass(frozen=True)
class Strength:
    """Pixels from a boundary within which labels may change: 0 is never, None is anywhere."""

    band: int | None = None

    def __post_init__(self) -> None:
        if self.band is not None and self.band < 0:
            raise CliptraseError(f"A band of {self.band} pixels is not possible; choose 0 or more.")

    @classmethod
    def parse(cls, text: str) -> "Strength":
        """Read ``never``, ``free``, ``band:N`` or ``N``."""
        word = text.strip().lower()
        if word in ("never", "free"):
            return cls(0 if word == "never" else None)
        found = re.fullmatch(r"(?:band[:= ]?)?(\d+)(?: ?px)?", word)
        if found is None:
            raise CliptraseError(f"{text!r} is not a strength; write never, free, or band:8 for a band of 8 pixels.")
        return cls(int(found.group(1)))

    def __str__(self) -> str:
        return {None: "free", 0: "never"}.get(self.band, f"band:{self.band}")


@dataclass(frozen=True)
class Limits:
    """What a refinement may change.

    ``strength`` says where; ``classes`` which ones (None: all): a pixel changes only when the class that it leaves or
    the class that it joins is among them.
    """

    strength: Strength = Strength()
    classes: frozenset[int] | None = None

    def record(self) -> dict[str, Any]:
        """Return the limits, fit for JSON."""
        return {"strength": str(self.strength), "classes": None if self.classes is None else sorted(self.classes)}

    def apply(self, before: LabelArray, refined: LabelArray) -> LabelArray:
        """(H, W) ``before`` with those changes of ``refined`` (H, W) that are allowed."""
        allowed = before != refined
        if self.strength.band is not None:
            allowed &= boundary_band(before, self.strength.band)
        if self.classes is not None:
            chosen = np.asarray(sorted(self.classes))
            allowed &= np.isin(before, chosen) | np.isin(refined, chosen)
        result = before.copy()
        result[allowed] = refined[allowed].astype(before.dtype)
        return result


def boundary_band(labels: LabelArray, pixels: int) -> Mask:
    """Return (H, W) bool: pixels at most ``pixels`` away from one of another label.

    1 means: the pixels on either side of each boundary.
    """
    if pixels <= 0:
        return np.zeros(labels.shape, bool)
    on_boundary = np.zeros(labels.shape, bool)
    across = labels[1:] != labels[:-1]
    on_boundary[1:] |= across
    on_boundary[:-1] |= across
    across = labels[:, 1:] != labels[:, :-1]
    on_boundary[:, 1:] |= across
    on_boundary[:, :-1] |= across
    if pixels == 1 or not on_boundary.any():
        return on_boundary
    return np.asarray(distance_transform_edt(~on_boundary) <= pixels - 1)


def apply_limits(
    before: LabelArray,
    refined: LabelArray,
    limits: Limits = Limits(),
    *,
    edited: Mask | None = None,
    locked_ids: Collection[int] = (),
) -> LabelArray:
    """Return the labels (H, W) after a refinement within its limits; hand edits, locked classes and all inputs stay.

    ``before`` and ``refined`` are labels (H, W). ``edited`` (H, W) marks pixels that an annotator changed (None: none
    of them); these and the pixels of locked classes keep their labels whatever the refinement says.
    """
    if edited is None:
        edited = np.zeros(before.shape, bool)
    return merge_labels(
        before, limits.apply(before, refined), mode=MergeMode.KEEP_EDITS, edited=edited, locked_ids=locked_ids
    )

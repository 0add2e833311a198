"""Labels that are to be written into layers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Mask
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.state.geometry import Target


@dataclass(frozen=True)
class PlaneResult:
    """Labels for a target.

    Attributes
    ----------
    labels
        (h, w) of the target's box; 0 is background, other values are ids of ``table``.
    provenance
        How it was made; kept with the layers.
    title
        What *Undo last run* calls it.
    """

    target: Target
    labels: NDArray[np.integer]
    table: ClassTable
    provenance: dict[str, Any] = field(default_factory=dict)
    title: str = "Segment"

    def on_plane(self) -> tuple[NDArray[np.integer], Mask | None]:
        """(H, W) labels of the whole plane, and the part of it that the result is about (None = all of it)."""
        target = self.target
        whole = target.shape == target.geometry.plane_shape
        if whole:
            return self.labels, target.mask
        proposed = np.zeros(target.geometry.plane_shape, self.labels.dtype)
        proposed[target.box] = self.labels
        where = np.zeros(target.geometry.plane_shape, bool)
        where[target.box] = True if target.mask is None else target.mask
        return proposed, where

"""Labels as a volume in millimetres, as medical formats hold them."""

import numpy as np

from napari_cliptrase.masks import units
from napari_cliptrase.masks.label_image import LabelImage, narrow


def volume(mask: LabelImage) -> tuple[np.ndarray, list[float], list[float]]:
    """Return the labels as (X, Y, Z), pixel sizes and origin in millimetres (or in pixels when they are not known)."""
    labels = narrow(mask.labels)
    if mask.labels.ndim == 2:
        labels = labels[np.newaxis]
    sizes, origin = list(mask.scale), list(mask.origin)
    if mask.metric:
        factors = [(units.metres(1.0, unit) or 1e-3) * 1e3 for unit in mask.units]
        sizes = [size * factor for size, factor in zip(sizes, factors, strict=True)]
        origin = [value * factor for value, factor in zip(origin, factors, strict=True)]
    if mask.labels.ndim == 2:
        sizes, origin = [1.0, *sizes], [0.0, *origin]
    return labels.T, [round(v, 12) for v in sizes[::-1]], [round(v, 12) for v in origin[::-1]]

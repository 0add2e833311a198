"""Boundaries on the pixel: two methods with segment-anything, three without a model, clicks that draw masks.

Everything here takes any labels; nothing is loaded before it is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cliptrase.progress import run_to_end as run_to_end
    from napari_cliptrase.refine.limits import Limits as Limits
    from napari_cliptrase.refine.limits import Strength as Strength
    from napari_cliptrase.refine.limits import apply_limits as apply_limits
    from napari_cliptrase.refine.methods import Method as Method
    from napari_cliptrase.refine.methods import make_refiner as make_refiner
    from napari_cliptrase.refine.protocol import MaskRefiner as MaskRefiner
    from napari_cliptrase.refine.protocol import RefineResult as RefineResult

_HOME_OF = {
    "Limits": "napari_cliptrase.refine.limits",
    "MaskRefiner": "napari_cliptrase.refine.protocol",
    "RefineResult": "napari_cliptrase.refine.protocol",
    "Strength": "napari_cliptrase.refine.limits",
    "Method": "napari_cliptrase.refine.methods",
    "run_to_end": "napari_cliptrase.progress",
    "make_refiner": "napari_cliptrase.refine.methods",
    "apply_limits": "napari_cliptrase.refine.limits",
}

__all__ = [*_HOME_OF]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""What a window of a large plane costs on this machine."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_cliptrase.engine.core_plan import CorePlan
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.engine.window_code import encode_window, make_code

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel

_TRIALS: Final = 3


@dataclass(frozen=True)
class WindowCost:
    """Seconds to encode a window, and bytes of what is kept of it."""

    seconds: float
    nbytes: int


def measure_window(model: "ClipModel", plan: CorePlan, settings: Settings) -> WindowCost:
    """Encode a window of noise a few times; the fastest counts."""
    rows, columns = (cells * model.vision.patch for cells in plan.windows.size)
    pixels = np.random.default_rng(0).integers(0, 255, (rows, columns, 3), dtype=np.uint8)
    costs = []
    for _ in range(_TRIALS):
        begun = time.perf_counter()
        code = make_code(encode_window(model, pixels, settings), settings, plan.windows, 0, plan.shape)
        costs.append(WindowCost(time.perf_counter() - begun, code.nbytes))
    return min(costs, key=lambda cost: cost.seconds)

"""What a window of a large plane costs on this machine."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_cliptrase.engine.core_plan import CorePlan
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.engine.window_code import encode_window, make_code
from napari_cliptrase.engine.window_threads import thread_count, window_threads

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import ClipModel

_TRIALS: Final = 3


@dataclass(frozen=True)
class WindowCost:
    """Seconds that a window adds to a run, and bytes of what is kept of it."""

    seconds: float
    nbytes: int


def measure_window(model: "ClipModel", plan: CorePlan, settings: Settings) -> WindowCost:
    """Encode windows of noise a few times, as many side by side as a run does; the fastest counts."""
    rows, columns = (cells * model.vision.patch for cells in plan.windows.size)
    pixels = np.random.default_rng(0).integers(0, 255, (rows, columns, 3), dtype=np.uint8)
    device = model.vision.device
    beside = thread_count(device) if device.type == "cpu" else 1

    def work() -> int:
        return make_code(encode_window(model, pixels, settings), settings, plan.windows, 0, plan.shape).nbytes

    costs = []
    with window_threads(device) as pool:
        for _ in range(_TRIALS):
            begun = time.perf_counter()
            sizes = [future.result() for future in [pool.submit(work) for _ in range(beside)]]
            costs.append(WindowCost((time.perf_counter() - begun) / beside, sizes[0]))
    return min(costs, key=lambda cost: cost.seconds)

"""What makes a command start and end sooner."""

import atexit
import gc
import sys

from napari_cliptrase.models.torch_trouble import let_threads_sleep


def start_quickly() -> None:
    """Prepare the process; call it before torch is imported.

    torch and its like make hundreds of thousands of objects that stay: looking among them for some that may go takes a
    tenth of a second at the start, and another at the end.
    """
    let_threads_sleep()
    gc.set_threshold(100_000)
    atexit.register(_leave_objects)


def _leave_objects() -> None:
    """Skip the final garbage collection, unless triton is loaded, which complains about objects that are left."""
    if "triton" not in sys.modules:
        gc.freeze()

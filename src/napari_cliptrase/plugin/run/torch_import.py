"""Importing torch in a process that has a window.

torchvision pulls in triton, whose library holds an LLVM of its own. Where the window is drawn by Mesa with LLVM
(software rendering, some graphics cards), that LLVM is in the process already, and the two overwrite each other's
settings: the process crashes without a message. Bound to its own symbols, triton does no harm.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec

from napari_cliptrase.models.torch_trouble import let_threads_sleep


def make_torch_safe() -> None:
    """Load triton, where it is installed, so that it cannot clash with the window's graphics; call it before torch."""
    let_threads_sleep()
    if "triton" in sys.modules or not hasattr(os, "RTLD_DEEPBIND") or find_spec("triton") is None:
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | os.RTLD_DEEPBIND)
    try:
        import_module("triton")
    except ImportError:
        pass  # torch does without
    finally:
        sys.setdlopenflags(flags)

"""What torch needs before it is imported, and the error when it does not load."""

import os
import sys

from napari_cliptrase.errors import ModelError

_REDISTRIBUTABLE = "https://aka.ms/vs/17/release/vc_redist.x64.exe"
_TORCH_FIRST = 'python -c "import torch; from napari.__main__ import main; main()"'


def let_threads_sleep() -> None:
    """Let torch's threads sleep while they wait for each other, unless the user has chosen; call it before torch.

    By default they keep the processors busy while they wait. Where other programs, or the window itself, want these
    processors, too, encoding an image takes several times as long.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def need_torch() -> None:
    """Import torch; when it does not load, raise `ModelError` with the reason and what to do on this system."""
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ModelError(f"torch cannot be loaded ({reason}); {torch_cure()}") from error


def torch_cure() -> str:
    """Return what to do when torch cannot be imported."""
    if sys.platform == "win32":
        if any(name in sys.modules for name in ("PyQt6.QtCore", "PySide6.QtCore", "PyQt5.QtCore")):
            # Qt brings older copies of libraries that torch needs: https://github.com/pytorch/pytorch/issues/166628
            return f"on Windows it may have to be loaded before Qt, so start napari with: {_TORCH_FIRST}"
        return f"install Microsoft's Visual C++ runtime from {_REDISTRIBUTABLE}"
    return "install it again with: pip install --force-reinstall torch torchvision"

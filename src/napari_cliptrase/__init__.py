"""Type class names, get an editable label layer per class.

The public names load on first use, so that ``import napari_cliptrase`` costs nothing and never imports torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_cliptrase._version import __version__

if TYPE_CHECKING:
    from napari_cliptrase.errors import CliptraseError as CliptraseError
    from napari_cliptrase.models import load_model as load_model
    from napari_cliptrase.prompts import PromptSet as PromptSet
    from napari_cliptrase.segmenter import Encoding as Encoding
    from napari_cliptrase.segmenter import Segmentation as Segmentation
    from napari_cliptrase.segmenter import Segmenter as Segmenter
    from napari_cliptrase.settings import Settings as Settings

_HOME_OF = {
    "CliptraseError": "napari_cliptrase.errors",
    "Encoding": "napari_cliptrase.segmenter",
    "PromptSet": "napari_cliptrase.prompts",
    "Segmentation": "napari_cliptrase.segmenter",
    "Segmenter": "napari_cliptrase.segmenter",
    "Settings": "napari_cliptrase.settings",
    "load_model": "napari_cliptrase.models",
}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

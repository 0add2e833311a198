"""Type class names, get an editable label layer per class.

The public names load on first use, so that ``import napari_cliptrase`` costs nothing and never imports torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_cliptrase._version import __version__

if TYPE_CHECKING:
    from napari_cliptrase.classes.prompts import PromptSet as PromptSet
    from napari_cliptrase.engine.segmenter import Encoding as Encoding
    from napari_cliptrase.engine.segmenter import Segmentation as Segmentation
    from napari_cliptrase.engine.segmenter import Segmenter as Segmenter
    from napari_cliptrase.engine.settings import Settings as Settings
    from napari_cliptrase.errors import CliptraseError as CliptraseError
    from napari_cliptrase.models import load_model as load_model
    from napari_cliptrase.project.project import Project as Project

_HOME_OF = {
    "CliptraseError": "napari_cliptrase.errors",
    "Encoding": "napari_cliptrase.engine.segmenter",
    "Project": "napari_cliptrase.project.project",
    "PromptSet": "napari_cliptrase.classes.prompts",
    "Segmentation": "napari_cliptrase.engine.segmenter",
    "Segmenter": "napari_cliptrase.engine.segmenter",
    "Settings": "napari_cliptrase.engine.settings",
    "load_model": "napari_cliptrase.models",
}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""Which CLIP and SAM weights exist, where they are, and how they are loaded; imports nothing before it is needed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cliptrase.models.catalog import ModelEntry as ModelEntry
    from napari_cliptrase.models.catalog import list_models as list_models
    from napari_cliptrase.models.load import load_model as load_model
    from napari_cliptrase.models.load import load_model_steps as load_model_steps
    from napari_cliptrase.models.load import load_sam as load_sam
    from napari_cliptrase.models.load import load_sam_steps as load_sam_steps
    from napari_cliptrase.models.loaded_models import ClipModel as ClipModel

_HOME_OF = {
    "ClipModel": "napari_cliptrase.models.loaded_models",
    "ModelEntry": "napari_cliptrase.models.catalog",
    "list_models": "napari_cliptrase.models.catalog",
    "load_model": "napari_cliptrase.models.load",
    "load_model_steps": "napari_cliptrase.models.load",
    "load_sam": "napari_cliptrase.models.load",
    "load_sam_steps": "napari_cliptrase.models.load",
}

__all__ = [*_HOME_OF]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _HOME_OF[name].endswith((".load", ".loaded_models")):
        import_module("napari_cliptrase.models.torch_trouble").need_torch()
    return getattr(import_module(_HOME_OF[name]), name)

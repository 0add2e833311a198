"""The lab is not in the wheel: where the package is installed from one, its tests take the lab from the repository."""

import importlib.util
from pathlib import Path

import napari_cliptrase

if importlib.util.find_spec("napari_cliptrase.lab") is None:
    napari_cliptrase.__path__.append(str(Path(__file__).parents[2] / "src" / "napari_cliptrase"))

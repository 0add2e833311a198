"""What the user set for this plugin in napari's preferences (from napari 0.9; before that, the defaults)."""

import os
from dataclasses import dataclass

from napari_cliptrase.models.folders import CACHE_VARIABLE

PLUGIN = "napari-cliptrase"


@dataclass(frozen=True)
class Preferences:
    """Defaults of the dock, see ``configurations`` in the manifest."""

    model: str = "demo"
    device: str = "auto"
    precision: str = "auto"
    detail: str = "normal"
    live: bool = True
    cache_folder: str = ""


def preferences() -> Preferences:
    """Read the preferences; a cache folder set there takes effect at once."""
    try:
        from napari.settings import get_plugin_settings  # napari 0.8 has none

        found = get_plugin_settings(PLUGIN)
        inference, storage = found.inference, found.storage
        read = Preferences(
            inference.model,
            inference.device,
            inference.precision,
            inference.detail,
            inference.live,
            storage.cache_folder,
        )
    except (ImportError, KeyError, AttributeError, ValueError):
        read = Preferences()
    if read.cache_folder:
        os.environ[CACHE_VARIABLE] = read.cache_folder
    return read

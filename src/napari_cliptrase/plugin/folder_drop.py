"""A folder that is dropped on napari, or opened with File ▸ Open Folder, can be annotated: it opens in our dock."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.masks.tables import CLASS_FILE, LABELMAP
from napari_cliptrase.project.image_search import find_images, images_below
from napari_cliptrase.project.project import Project

NOTHING_TO_ADD: list[tuple[None]] = [(None,)]
"""What a reader returns that adds no layer itself."""


def get_folder_reader(path: str | Sequence[str]) -> Callable[[Any], list[tuple[None]]] | None:
    """Return what opens a folder when it is a project or holds images, else None; masks are left to their reader."""
    paths = [path] if isinstance(path, str) else list(path)
    if len(paths) != 1 or not Path(paths[0]).is_dir():
        return None
    folder = Path(paths[0])
    if not Project.is_project(folder) and any((folder / name).is_file() for name in (CLASS_FILE, LABELMAP)):
        return None
    try:
        fits = Project.is_project(folder) or bool(find_images(folder / images_below(folder)).images)
    except ProjectError:
        return None
    return _open if fits else None


def _open(path: str | Sequence[str]) -> list[tuple[None]]:
    folder = path if isinstance(path, str) else path[0]
    viewer = napari.current_viewer()
    if viewer is not None:
        _, dock = viewer.window.add_plugin_dock_widget("napari-cliptrase", "Annotate folder")
        if Project.is_project(folder):
            dock.open(folder)
        else:
            dock.ask_folder(str(folder))
    return NOTHING_TO_ADD

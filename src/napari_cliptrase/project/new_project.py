"""A folder of images becomes a project: its file is written, and nothing of the user's is touched."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from napari_cliptrase.atomic import write_text
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.masks import tables
from napari_cliptrase.project.image_search import find_images, images_below
from napari_cliptrase.project.project_file import ProjectInfo
from napari_cliptrase.project.project_paths import DATUMARO, HUGGING_FACE, ProjectPaths

_NOT_VERSIONED: Final = "index.json\nlock.json\nlock.guard\nbackup/\nset-aside/\nclass-change/\n"


def write_new_project(
    root: Path,
    prompts: PromptSet | None,
    *,
    model: str,
    settings: Mapping[str, Any],
    recursive: bool,
    patterns: tuple[str, ...],
) -> None:
    """Write the file of a new project; see `Project.create` for the parameters."""
    if not root.is_dir():
        raise ProjectError(f"{root} is not a folder; name a folder of images.")
    if ProjectPaths(root).project_file.exists():
        raise ProjectError(f"{root} is a project already; open it.")
    images = images_below(root)
    paths = ProjectPaths(root, images)
    if not find_images(paths.image_folder, recursive=recursive, patterns=patterns).images:
        raise ProjectError(f"{paths.image_folder} holds no image that fits; choose a folder with images.")
    if prompts is None:
        listed = paths.masks / tables.CLASS_FILE
        prompts = PromptSet.from_table(tables.read_class_file(listed)) if listed.is_file() else PromptSet()
    foreign = tuple(name for name in (DATUMARO, HUGGING_FACE) if (root / name).exists())
    info = ProjectInfo(prompts, model, dict(settings), images, recursive, patterns, foreign)
    ignored, there_before = paths.inner / ".gitignore", paths.inner.exists()
    try:
        write_text(ignored, _NOT_VERSIONED)
        write_text(paths.project_file, info.to_json())
    except OSError as error:
        if not there_before:  # half a project would look like one
            with contextlib.suppress(OSError):
                ignored.unlink(missing_ok=True)
                paths.inner.rmdir()
        raise ProjectError(
            f"{root} cannot become a project ({error.strerror or error}); change that, or copy the images to a folder "
            "where you can write."
        ) from error

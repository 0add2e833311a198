"""``project.json``: classes, model, settings and where to look for images; with a schema that only grows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from napari_cliptrase.atomic import write_bytes, write_text
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError, PromptError
from napari_cliptrase.field_values import FieldError, checked_flag, checked_text, checked_texts
from napari_cliptrase.json_file import parse_json
from napari_cliptrase.project.project_paths import checked_inside

PROJECT_SCHEMA: Final = 1
Migration = Callable[[dict[str, Any]], dict[str, Any]]
MIGRATIONS: Final[Mapping[int, Migration]] = MappingProxyType({})
"""What turns the data of a schema into those of the next."""


@dataclass(frozen=True)
class ProjectInfo:
    """What holds for all images of a project.

    Attributes
    ----------
    prompts
        The classes with ids, prompts, colours and thresholds.
    model, settings
        What runs are made with, plain data.
    refine, sam
        How runs sharpen boundaries, and with which SAM; empty for not at all.
    images
        Folder of the images, relative to the project; empty for the folder itself.
    recursive, patterns
        Which images belong to the project.
    foreign
        Files such as ``metadata.jsonl`` that lay in the folder before it became a project; they are never written.
    """

    prompts: PromptSet = field(default_factory=PromptSet)
    model: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    images: str = ""
    recursive: bool = True
    patterns: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    refine: str = ""
    sam: str = ""

    def to_json(self) -> str:
        """Return the text of a ``project.json``; equal values give equal text."""
        data = {
            "schema": PROJECT_SCHEMA,
            "classes": json.loads(self.prompts.to_json()),
            "model": self.model,
            "settings": dict(self.settings),
            "refine": self.refine,
            "sam": self.sam,
            "images": self.images,
            "recursive": self.recursive,
            "patterns": list(self.patterns),
            "foreign": list(self.foreign),
        }
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "ProjectInfo":
        """Read the data of a ``project.json`` of the present schema."""
        return cls(
            PromptSet.from_json(json.dumps(data["classes"]), "its classes"),
            checked_text("model", data["model"]),
            dict(data["settings"]),
            data["images"] and checked_inside("images", data["images"]),
            checked_flag("recursive", data["recursive"]),
            checked_texts("patterns", data["patterns"]),
            checked_texts("foreign", data["foreign"]),
            checked_text("refine", data.get("refine", "")),
            checked_text("sam", data.get("sam", "")),
        )


def read_project_file(
    path: Path,
    *,
    keep_old: bool,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    schema: int = PROJECT_SCHEMA,
) -> ProjectInfo:
    """Read a ``project.json``; an older schema is brought up to date, a newer one refused.

    With ``keep_old`` the file of an older schema stays beside the new one, which is written at once.
    """
    try:
        old = path.read_bytes()
        data = parse_json(old)
        found = int(data["schema"])
    except OSError as error:
        raise ProjectError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{path} is damaged ({error}); restore it from a backup. The masks are not touched."
        ) from error
    if found > schema:
        raise ProjectError(
            f"{path} was written by a newer napari-cliptrase (schema {found}, this one knows {schema}); update the "
            "program. Nothing was changed."
        )
    try:
        for version in range(found, schema):
            data = migrations[version](data)
        info = ProjectInfo.from_data(data)
    except (ValueError, KeyError, TypeError, AttributeError, PromptError, FieldError) as error:
        raise ProjectError(
            f"{path} is damaged ({error}); restore it from a backup. The masks are not touched."
        ) from error
    if found < schema and keep_old:
        write_bytes(path.with_name(f"project.schema-{found}.json"), old)
        write_text(path, info.to_json())
    return info

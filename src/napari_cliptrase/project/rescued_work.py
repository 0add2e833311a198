"""Work that could not be saved when its program ended, because the disk was full: kept elsewhere, and brought back.

    rescue(project, autosave.unsaved_planes())   # before the program ends
    bring_back(project)                          # when the project is opened again

A plane is brought back when its mask is still the one on which the work was done; else the copy stays where it is.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import platformdirs

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.atomic import write_bytes, write_text
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.json_file import read_json
from napari_cliptrase.project.annotation_store import AnnotationStore
from napari_cliptrase.project.plane_files import Annotation, encode_plane, read_mask, read_sources
from napari_cliptrase.project.project_paths import ProjectPaths

ENVIRONMENT: Final = "NAPARI_CLIPTRASE_RESCUE"
_LIST: Final = "rescued.json"


class HoldsPlanes(Protocol):
    """What is needed of a project."""

    @property
    def paths(self) -> ProjectPaths:
        """Where its files lie."""

    @property
    def store(self) -> AnnotationStore:
        """Its masks."""


@dataclass(frozen=True)
class RescuedPlane:
    """A plane that could not be saved.

    Attributes
    ----------
    name, plane
        The image, and the index of the plane.
    files
        Name of its two files without ``-mask.png`` and ``-provenance.png``.
    base
        Checksums of the mask and the provenance on which the work was done; None where there were none.
    own
        Checksums of its own two files.
    """

    name: str
    plane: tuple[int, ...]
    files: str
    base: tuple[int, int] | None
    own: tuple[int, int]


def rescue_folder(project: Path) -> Path:
    """Return where the unsaved work of a project is kept, on the disk of the user's own data."""
    chosen = os.environ.get(ENVIRONMENT)
    above = Path(chosen) if chosen else platformdirs.user_data_path("napari-cliptrase", appauthor=False) / "rescued"
    key = hashlib.sha256(os.fsencode(project.resolve())).hexdigest()[:12]
    return above / f"{project.resolve().name}-{key}"


def rescue(project: HoldsPlanes, planes: Mapping[tuple[str, PlaneIndex], Annotation]) -> Path:
    """Keep planes that could not be saved; OSError when that is not possible, either."""
    folder = rescue_folder(project.paths.folder)
    kept = {(entry.name, entry.plane): entry for entry in _listed(folder)}
    for (name, plane), annotation in planes.items():
        files = hashlib.sha256(json.dumps([name, plane]).encode()).hexdigest()[:16]
        encoded = encode_plane(annotation)
        write_bytes(folder / f"{files}-mask.png", encoded.mask)
        write_bytes(folder / f"{files}-provenance.png", encoded.provenance)
        own = encoded.record.mask, encoded.record.provenance
        kept[(name, plane)] = RescuedPlane(name, plane, files, _saved(project, name, plane), own)
    data = {"project": str(project.paths.folder), "planes": [asdict(entry) for entry in kept.values()]}
    write_text(folder / _LIST, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    return folder


def bring_back(project: HoldsPlanes) -> tuple[str, ...]:
    """Save what was kept of a project into it; return what the user should know, one sentence each."""
    folder = rescue_folder(project.paths.folder)
    entries = _listed(folder)
    if not entries:
        return ()
    back: list[str] = []
    left: list[RescuedPlane] = []
    for entry in entries:
        try:
            if _put_back(project, folder, entry):
                back.append(entry.name)
        except (OSError, ProjectError):  # the disk is still full, or the image is another one now
            left.append(entry)
    notes = []
    if back:
        names = ", ".join(dict.fromkeys(back))
        notes.append(f"Work that could not be saved the last time was brought back: {names}.")
    if left:
        names = ", ".join(dict.fromkeys(entry.name for entry in left))
        notes.append(
            f"Work that could not be saved the last time could not be brought back ({names}); it is in {folder}."
        )
    else:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
    return tuple(notes)


def _put_back(project: HoldsPlanes, folder: Path, entry: RescuedPlane) -> bool:
    """Save a plane; return False where it was saved after all; ProjectError where somebody has worked on it since."""
    saved = _saved(project, entry.name, entry.plane)
    if saved == entry.own:
        return False
    if saved != entry.base:
        raise ProjectError(f"{entry.name} was changed since.")
    shape = project.store.read(entry.name, entry.plane).labels.shape
    labels = read_mask(folder / f"{entry.files}-mask.png", shape)
    sources = read_sources(folder / f"{entry.files}-provenance.png", shape)
    project.store.write(entry.name, labels, sources, entry.plane)
    return True


def _saved(project: HoldsPlanes, name: str, plane: PlaneIndex) -> tuple[int, int] | None:
    """Return the checksums of what is saved of a plane."""
    record = project.store.record(name)
    if record.identity is None or len(record.identity.planes) != len(plane):
        return None
    saved = record.planes.get(record.identity.plane_key(plane))
    return None if saved is None else (saved.mask, saved.provenance)


def _listed(folder: Path) -> list[RescuedPlane]:
    try:
        return [_entry(data) for data in read_json(folder / _LIST)["planes"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _entry(data: Mapping[str, Any]) -> RescuedPlane:
    base = data["base"] and tuple(data["base"])
    return RescuedPlane(data["name"], tuple(data["plane"]), data["files"], base, tuple(data["own"]))

"""Copies of masks, provenance and records as they were at one moment, and how they are restored."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_cliptrase.atomic import write_bytes, write_text
from napari_cliptrase.field_values import FieldError
from napari_cliptrase.json_file import read_json
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.project_paths import ProjectPaths, plane_stem, state_name


@dataclass(frozen=True)
class ImageCopy:
    """The record of an image when it was copied, and the copied planes (which may have had no mask)."""

    record: ImageRecord
    keys: tuple[str, ...]


@dataclass(frozen=True)
class ImageCopies:
    """A folder of copies.

    A copy counts once its record is there: the record is written last and removed first.
    """

    paths: ProjectPaths
    folder: Path

    def save(self, record: ImageRecord, keys: Iterable[str]) -> None:
        """Copy the files of some planes of an image; an older copy of the image is replaced."""
        place = self._record(record.name)
        place.unlink(missing_ok=True)
        keys = sorted(keys)
        for key in keys:
            for source, copy in self._files(record, key):
                if source.exists():
                    write_bytes(copy, source.read_bytes())
                else:
                    copy.unlink(missing_ok=True)
        write_text(place, json.dumps({"keys": keys, "record": record.to_data()}, indent=1, ensure_ascii=False) + "\n")

    def find(self, name: str) -> ImageCopy | None:
        """Return the copy of an image; None when there is none, or when it is damaged."""
        try:
            data = read_json(self._record(name))
            return ImageCopy(ImageRecord.from_data(data["record"]), tuple(map(str, data["keys"])))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, FieldError):
            return None

    def restore(self, image: ImageCopy) -> None:
        """Write the files back: provenance first, then masks; the caller writes the record."""
        for key in image.keys:
            for place, copy in self._files(image.record, key):
                if copy.exists():
                    write_bytes(place, copy.read_bytes())
                else:
                    place.unlink(missing_ok=True)

    def mask(self, record: ImageRecord, key: str) -> Path:
        """Path of the copy of a mask."""
        return self.folder / "masks" / PurePosixPath(f"{plane_stem(record.stem, key)}.png")

    def provenance(self, record: ImageRecord, key: str) -> Path:
        """Path of the copy of a provenance."""
        return self.folder / "provenance" / PurePosixPath(f"{plane_stem(record.stem, key)}.png")

    def _record(self, name: str) -> Path:
        return self.folder / "state" / PurePosixPath(state_name(name))

    def _files(self, record: ImageRecord, key: str) -> tuple[tuple[Path, Path], ...]:
        stem = plane_stem(record.stem, key)
        return (
            (self.paths.provenance(stem), self.provenance(record, key)),
            (self.paths.mask(stem), self.mask(record, key)),
        )


def set_aside(path: Path, folder: Path, relative: str) -> None:
    """Move a file that may be damaged into ``folder``, without replacing a file that was set aside before."""
    if not path.exists():
        return
    target = folder / PurePosixPath(relative)
    number = 1
    while target.exists():
        number += 1
        named = PurePosixPath(relative)
        target = folder / named.with_name(f"{named.stem}-{number}{named.suffix}")
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, target)

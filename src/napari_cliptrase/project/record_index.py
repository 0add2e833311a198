"""All records of a project, read from one file where that is up to date and from their own files where not."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from napari_cliptrase.atomic import write_text
from napari_cliptrase.field_values import FieldError, checked_text
from napari_cliptrase.json_file import parse_json
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.image_search import FileStamp
from napari_cliptrase.project.project_paths import ProjectPaths, state_name

INDEX_SCHEMA: Final = 1
_DAMAGE: Final = (ValueError, KeyError, TypeError, AttributeError, FieldError)


@dataclass
class RecordIndex:
    """What `index.json` holds: copies of the records, with stamps that show whether they are current.

    Attributes
    ----------
    records
        By name of the image.
    stamps
        Of the file of each record, when it was read or written.
    verified
        Stamp that an image had when its hash was last compared.
    damaged
        Records that cannot be read, by the path within the folder of records, and why.
    last_image
        The image that was worked on last.
    fresh
        Whether all records in the index were current, so that the last writer has closed the project.
    """

    records: dict[str, ImageRecord] = field(default_factory=dict)
    stamps: dict[str, FileStamp] = field(default_factory=dict)
    verified: dict[str, FileStamp] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    last_image: str | None = None
    fresh: bool = False

    def write(self, path: Path) -> None:
        """Write the file."""
        data = {
            "schema": INDEX_SCHEMA,
            "last_image": self.last_image,
            "images": [
                [_pair(self.stamps.get(name)), _pair(self.verified.get(name)), record.to_data()]
                for name, record in sorted(self.records.items())
            ],
        }
        write_text(path, json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")


def load_records(paths: ProjectPaths) -> RecordIndex:
    """Return all records; only those whose file has changed since the index was written are read from it."""
    old = _read_index(paths.index)
    new = RecordIndex(last_image=old.last_image, fresh=old.fresh)
    files = {state_name(name): name for name in old.records}
    for path, stamp in _record_files(paths.states):
        name = files.get(path)
        if name is not None and old.stamps.get(name) == stamp:
            record = old.records[name]
        else:
            new.fresh = False
            try:
                record = ImageRecord.from_data(_parsed((paths.states / path).read_bytes()))
            except (OSError, *_DAMAGE) as error:
                new.damaged[path] = str(error)
                continue
        new.records[record.name] = record
        new.stamps[record.name] = stamp
        if record.name in old.verified:
            new.verified[record.name] = old.verified[record.name]
    if not new.fresh and new.stamps:  # nobody closed the project: what was written last was worked on last
        new.last_image = max(new.stamps, key=lambda name: new.stamps[name].changed)
    return new


def _record_files(folder: Path) -> Iterable[tuple[str, FileStamp]]:
    waiting = [(folder, "")] if folder.is_dir() else []
    while waiting:
        here, above = waiting.pop()
        for entry in os.scandir(here):
            if entry.is_dir():
                waiting.append((here / entry.name, f"{above}{entry.name}/"))
            elif entry.name.endswith(".json") and not entry.name.startswith("."):
                about = entry.stat()
                yield above + entry.name, FileStamp(about.st_size, about.st_mtime_ns)


def _read_index(path: Path) -> RecordIndex:
    index = RecordIndex(fresh=True)
    try:
        data = _parsed(path.read_bytes())
        if data["schema"] != INDEX_SCHEMA:
            return index
        for stamp, verified, record in data["images"]:
            entry = ImageRecord.from_data(record)
            index.records[entry.name] = entry
            _set(index.stamps, entry.name, stamp)
            _set(index.verified, entry.name, verified)
        last = data["last_image"]
        index.last_image = None if last is None else checked_text("last_image", last)
    except (OSError, *_DAMAGE):
        return RecordIndex()  # it can be rebuilt from the records
    return index


def _parsed(content: bytes) -> Any:
    """Return the data of a JSON file; ValueError, too, where a text in it could not be written again."""
    data = parse_json(content)
    if b"\\ud" in content.lower() or b"\xed" in content:  # perhaps half of a character, which json reads also unescaped
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    return data


def _set(stamps: dict[str, FileStamp], name: str, pair: Any) -> None:
    if pair is not None:
        stamps[name] = FileStamp(*pair)


def _pair(stamp: FileStamp | None) -> list[int] | None:
    return None if stamp is None else [stamp.size, stamp.changed]


def unmatched(records: Mapping[str, ImageRecord], names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of records whose image is not there."""
    return tuple(sorted(set(records) - set(names)))

"""The small files with which other programs read the masks of a project without an export.

``masks/classes.json`` and ``masks/labelmap.txt`` are for us, CVAT and VOC. ``dataset_meta.json`` (Datumaro) and
``metadata.jsonl`` (Hugging Face) have to lie above images and masks, in the folder of the project.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from napari_cliptrase.atomic import write_text
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.export_options import Palette
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.png import png_palette
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.project_paths import DATUMARO, HUGGING_FACE, MASKS, ProjectPaths, plane_stem

_WRITING_SHARE: Final = 0.05
"""Of the time, at most, goes into writing the list while it may fall behind."""
_OFTEN_ENOUGH: Final = 1.0
"""Seconds between two writings of a list that may fall behind."""
COLORS: Final = png_palette(ClassTable(), Palette.VOC)
"""Colours in the files of masks: VOC's, by id alone, so that a new colour or name of a class changes no mask."""


def class_files(prompts: PromptSet) -> dict[str, str]:
    """Return the files that describe the classes: text by path within the project."""
    table = prompts.table()
    ids = sorted(entry.id for entry in table if entry.id < 256)
    known = {0: "background"} | {entry.id: entry.name for entry in table if entry.id < 256}
    meta = {
        "label_map": {str(value): known.get(value, f"_dummy{value}") for value in range(max(ids, default=0) + 1)},
        "segmentation_colors": [list(COLORS[value]) for value in range(max(ids, default=0) + 1)],
        "background_label": "0",
    }
    return {
        f"{MASKS}/{tables.CLASS_FILE}": table.to_json(),
        f"{MASKS}/{tables.LABELMAP}": tables.labelmap(table, COLORS, Tally()),
        DATUMARO: json.dumps(meta, indent=1, ensure_ascii=False) + "\n",
    }


def metadata_line(record: ImageRecord, images: str) -> str:
    """Return the lines of ``metadata.jsonl`` for an image: one for each plane that has a mask."""
    image = f"{images}/{record.name}" if images else record.name
    lines = []
    for key in sorted(record.planes):
        data = {"file_name": image, "mask_file_name": f"{MASKS}/{plane_stem(record.stem, key)}.png"}
        if key:
            data["plane"] = key
        data["state"] = str(record.state)
        lines.append(json.dumps(data, ensure_ascii=False) + "\n")
    return "".join(lines)


class DatasetFiles:
    """Keeps the small files in step with the records of a project; what has not changed is not written."""

    def __init__(
        self,
        paths: ProjectPaths,
        records: Mapping[str, ImageRecord],
        images: Iterable[str],
        foreign: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paths = paths
        self._records = records
        self._images = tuple(images)
        self._foreign = frozenset(foreign)
        self._clock = clock
        self._lines: dict[str, str] | None = None
        self._behind = False
        self._blocks = 0
        self._next = 0.0

    def write_classes(self, prompts: PromptSet) -> None:
        """Write the files that describe the classes."""
        for name, text in class_files(prompts).items():
            self._write(name, text)

    def write_list(self) -> None:
        """Write the list of images that have a mask."""
        there = [self._records[name] for name in self._images]
        self._lines = {record.name: metadata_line(record, self._paths.images) for record in there if record.planes}
        self._behind = True
        self.catch_up()

    def update(self, record: ImageRecord) -> None:
        """Rewrite the list when the lines of an image have changed; later where it may fall behind."""
        if self._lines is None:
            self.write_list()
            return
        line = metadata_line(record, self._paths.images)
        if self._lines.get(record.name, "") != line:
            self._lines[record.name] = line
            self._behind = True
        if not self._blocks or self._clock() >= self._next:
            self.catch_up()

    def may_fall_behind(self) -> None:
        """From now on write the list only now and then, until `keep_up` is called as often as this was.

        The list has a line for each image. Writing it for each of thousands of images would cost more than the masks.
        """
        self._blocks += 1

    def keep_up(self) -> None:
        """Write the list, and from now on at each change."""
        self._blocks -= 1
        if not self._blocks:
            self.catch_up()

    def catch_up(self) -> None:
        """Write the list if lines of it have changed since it was written."""
        if not self._behind or self._lines is None:
            return
        start = self._clock()
        self._write(HUGGING_FACE, "".join(line for _, line in sorted(self._lines.items())))
        self._behind = False
        end = self._clock()
        self._next = end + max(_OFTEN_ENOUGH, (end - start) / _WRITING_SHARE)

    def _write(self, name: str, text: str) -> None:
        path = self._paths.folder / PurePosixPath(name)
        if name not in self._foreign and _text_of(path) != text:
            write_text(path, text)


def _text_of(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None

"""What people type or edit by hand: prompts, class tables, settings, maps of ids."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from target import Target

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

_PROMPTS = "cat: puppy cat, kitten [threshold=0.35] #3\ndog\ncar: car, automobile\nbackground: wall, floor 2\n"
_TABLE = ClassTable(
    (MaskClass(1, "cat", (128, 0, 0), ("cat", "kitten"), 0.3), MaskClass(7, "犬", (1, 2, 3))), 255, ("wall",)
)
_LABELMAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\n_dummy2:0,128,0::\ndog:1,2,3::\n"
_MASK = LabelImage(np.array([[0, 1, 7]], np.uint8), _TABLE)


def _corpus(name: str, text: str, folder: Path) -> tuple[Path, Sequence[Path]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path, [path]


def _prompts(source: Path, out: Path) -> None:
    prompts = PromptSet.load(source)
    assert PromptSet.parse(prompts.to_text()) == prompts
    assert PromptSet.from_json(prompts.to_json()) == prompts
    _export(prompts.table(), out)


def _export(table: ClassTable, out: Path) -> None:
    mask = LabelImage(np.array([[0, *table.ids[:3]]], np.int64), table)
    for key in ("npz", "tiff", "coco", "geojson"):
        FORMATS[key].write(mask, out / key)
    assert FORMATS["npz"].read(out / "npz")[0].classes == mask.classes


def _table(source: Path, out: Path) -> None:
    _export(tables.read_class_file(source), out)


def _labelmap(source: Path, out: Path) -> None:
    _export(tables.beside(source.with_name("mask.png")) or ClassTable(), out)


def _settings(source: Path, out: Path) -> None:
    settings = Settings.from_json(source.read_text(encoding="utf-8", errors="replace"))
    assert Settings.from_json(settings.to_json()) == settings


def _id_map(source: Path, out: Path) -> None:
    FORMATS["cityscapes"].write(_MASK, out, ExportOptions(id_map=tables.parse_id_map(source, [_MASK])))


TARGETS = (
    Target("prompts-text", partial(_corpus, "prompts.txt", _PROMPTS), _prompts),
    Target("prompts-json", partial(_corpus, "prompts.json", PromptSet.parse(_PROMPTS).to_json()), _prompts),
    Target("class-table", partial(_corpus, "classes.json", _TABLE.to_json()), _table),
    Target("labelmap", partial(_corpus, "labelmap.txt", _LABELMAP), _labelmap),
    Target("settings", partial(_corpus, "settings.json", Settings().to_json()), _settings),
    Target("id-map", partial(_corpus, "ids.json", '{"cat": 7, "7": 26}'), _id_map),
)

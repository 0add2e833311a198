"""YOLO segmentation: one text file per image with a polygon per line, and data.yaml."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.outlines import outlines
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.rings import Ring
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress


def _encode(
    masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
) -> Iterator[OutFile | Progress]:
    table = ClassTable()
    images: list[tuple[str, tuple[int, int], list[tuple[int, Ring]]]] = []
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        rows: list[tuple[int, Ring]] = []
        for outline in outlines(mask, options, objects=True):
            rings = outline.plain_rings(options.holes, tally)
            tally.parts_split += len(rings) > 1
            rows += [(outline.entry.id, ring) for ring in rings]
        images.append((mask.stem, mask.shape, rows))
        yield tally.progress(mask.stem)
    if tally.parts_split:
        tally.note(f"{tally.parts_split} objects of several parts became one line per part.")
    # YOLO numbers classes from 0 without gaps: ascending ids keep the numbers when the table is reordered
    order = sorted(table.ids)
    index = {class_id: number for number, class_id in enumerate(order)}
    for stem, shape, rows in images:
        yield OutFile.text(f"labels/{options.subset}/{stem}.txt", "".join(_line(index[i], r, shape) for i, r in rows))
    _check_numbers({index[i]: _name(table, i) for i in order}, {stem for stem, _, _ in images}, place, options.subset)
    splits = dict.fromkeys(("train", "val", *_splits(place.folder), options.subset))
    lines = ["path: .", *(f"{split}: images/{split}" for split in splits), "names:"]
    lines += [f"  {index[i]}: {json.dumps(_name(table, i), ensure_ascii=False)}" for i in order]
    yield OutFile.text("data.yaml", "\n".join(lines) + "\n")


def _splits(folder: Path) -> list[str]:
    """Splits that earlier exports put into the folder."""
    return sorted(path.name for path in (folder / "labels").glob("*") if path.is_dir())


def _check_numbers(names: dict[int, str], stems: set[str], place: OutputPlace, subset: str) -> None:
    """Refuse to number classes otherwise than a data.yaml does whose label files stay."""
    path = place.folder / "data.yaml"
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    old = {int(number): name for number, name in re.findall(r"^  (\d{1,9}): (.*)$", text, re.MULTILINE)}
    new = {number: json.dumps(name, ensure_ascii=False) for number, name in names.items()}
    changed = [number for number, text in old.items() if new.get(number) != text]
    replaced = {f"{subset}/{stem}.txt" for stem in stems}
    labels = place.folder / "labels"
    stay = [p for p in sorted(labels.rglob("*.txt")) if p.relative_to(labels).as_posix() not in replaced]
    if changed and stay:
        raise MaskFormatError(
            f"Class {changed[0]} is {old[changed[0]]} in {path} and would become {new.get(changed[0], 'none')}, but "
            f"{stay[0]} relies on the old number; export all masks together, or to another folder."
        )


def _name(table: ClassTable, class_id: int) -> str:
    entry = table.get(class_id)
    return "" if entry is None else entry.name


def _line(number: int, ring: Ring, shape: tuple[int, int]) -> str:
    height, width = shape
    points = " ".join(f"{x / width:.6g} {y / height:.6g}" for x, y in ring.tolist())
    return f"{number} {points}\n"


FORMAT = MaskFormat(
    key="yolo",
    title="YOLO segmentation",
    description="a polygon per line and data.yaml; read by Ultralytics YOLO, Roboflow",
    extensions=(),
    layout=Layout.FOLDER,
    encode=_encode,
    objects=Objects.ALWAYS,
    lossless=False,
)

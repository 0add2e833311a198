"""One black-and-white PNG per class: 255 where the class is, 0 elsewhere."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import LabelImage, dtype_for
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.naming import file_part
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.png import open_strips
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.staging import OutFile


def _folders(table: ClassTable) -> dict[int, str]:
    """Folder of each class: the id makes it unique, the name is for people."""
    folders = {entry.id: f"{entry.id}_{file_part(entry.name)}" for entry in table}
    if table.void is not None:
        folders[table.void] = f"{table.void}_void"
    return folders


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        for class_id, folder in _folders(mask.classes).items():
            if class_id == mask.classes.void and not mask.void_pixels:
                continue
            pixels = np.where(mask.labels == class_id, np.uint8(255), np.uint8(0))
            yield OutFile(f"{folder}/{mask.stem}.png", encode_png(pixels))
    yield OutFile.text(tables.CLASS_FILE, tables.shared(table, place, tally).to_json())


def _decode(source: Path) -> Iterator[LabelImage]:
    root = source.parent if source.name == tables.CLASS_FILE else source
    table = tables.read_class_file(root / tables.CLASS_FILE)
    found: dict[str, dict[int, Path]] = {}
    for class_id, folder in _folders(table).items():
        for path in sorted((root / folder).rglob("*.png")):
            stem = path.relative_to(root / folder).as_posix().removesuffix(".png")
            found.setdefault(stem, {})[class_id] = path
    if not found:
        raise ValueError("it holds no folder of a class of its classes.json")
    for stem in sorted(found):
        yield _joined(found[stem], table, stem)


def _joined(of_class: dict[int, Path], table: ClassTable, stem: str) -> LabelImage:
    """Return a mask from the files of its classes; later ones lie over earlier ones."""
    labels: LabelArray | None = None
    overlapped = np.zeros((0, 0), np.uint8)  # a bit for each pixel
    for class_id, path in of_class.items():
        with open_strips(path) as image:
            if labels is None:
                labels = np.zeros(image.shape, dtype_for(max(*table.ids, table.void or 0)))
                overlapped = np.zeros((image.shape[0], -(-image.shape[1] // 8)), np.uint8)
            if image.shape != labels.shape:
                raise ValueError(f"{path} has {image.shape} pixels, the other classes {labels.shape}")
            for top, strip in image.strips():
                if strip.ndim != 2:
                    raise ValueError(f"{path} holds colours instead of black and white")
                inside, part = strip != 0, labels[top : top + len(strip)]
                overlapped[top : top + len(strip)] |= np.packbits(inside & (part != 0), axis=1)
                part[inside] = class_id
    assert labels is not None
    twice = sum(int(np.count_nonzero(np.unpackbits(row))) for row in overlapped)
    return LabelImage(labels, table, stem=stem, overlapped=twice)


def _recognises(found: Candidate) -> bool:
    path = found.path
    root = path.parent if path.name == tables.CLASS_FILE else path
    if not (root / tables.CLASS_FILE).is_file():
        return False
    return any(
        (root / folder).is_dir() for folder in _folders(tables.read_class_file(root / tables.CLASS_FILE)).values()
    )


FORMAT = MaskFormat(
    key="png-per-class",
    title="PNG per class",
    description="a folder per class with black-and-white images, 255 = inside; read by any script, Fiji, MATLAB",
    extensions=(),
    layout=Layout.FOLDER,
    encode=_encode,
    decode=_decode,
    void=True,
    recognises=_recognises,
)

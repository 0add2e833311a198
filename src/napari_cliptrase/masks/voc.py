"""The folder tree of PASCAL VOC segmentation, as CVAT's "Segmentation mask 1.1" and many trainers expect it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_cliptrase.classes.colors import voc_color
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage, narrow
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import object_plane
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.png import indexed_png, open_png, png_palette, read_png
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.staging import OutFile

CLASS, OBJECT, SETS = "SegmentationClass", "SegmentationObject", "ImageSets/Segmentation"


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    stems = []
    for mask in masks:
        if max(mask.counts) > 255:
            raise MaskFormatError(f"{mask.stem} holds ids above 255, which VOC cannot hold; export it as TIFF.")
        table = table.joined(mask.classes, mask.stem)
        stems.append(mask.stem)
        yield OutFile(f"{CLASS}/{mask.stem}.png", indexed_png(mask, options.palette, tally))
        yield OutFile(f"{OBJECT}/{mask.stem}.png", _objects(mask, options))
    table = tables.shared(table, place, tally)
    yield OutFile.text(tables.LABELMAP, tables.labelmap(table, png_palette(table, options.palette), tally))
    yield OutFile.text(tables.CLASS_FILE, table.to_json())
    yield OutFile.text(f"{SETS}/{options.subset}.txt", "".join(f"{stem}\n" for stem in stems))


def _objects(mask: LabelImage, options: ExportOptions) -> bytes:
    """Objects numbered from 1 in VOC's colours; as 16-bit grey when there are more than 254."""
    plane = object_plane(mask, corners=options.corners)
    numbers = np.unique(plane)
    plane = narrow(np.searchsorted(numbers[numbers > 0], plane) + (plane > 0))
    void = mask.classes.void
    if plane.dtype.itemsize > 2:
        raise MaskFormatError(
            f"{mask.stem} has {int(plane.max()):,} objects, but VOC's images allow at most 65,535; export it as NPZ, "
            "COCO instances or TIFF."
        )
    if plane.max() > 254:
        return encode_png(plane.astype(np.uint16))
    if void is not None:
        plane = np.where(mask.labels == void, np.uint8(255), plane.astype(np.uint8))
    return encode_png(plane.astype(np.uint8), palette=[voc_color(index) for index in range(256)])


def _decode(source: Path) -> Iterator[LabelImage]:
    folder = source / CLASS
    for path, stem in tables.mask_files(folder, (".png",)):
        mask = read_png(path, stem)
        objects = source / OBJECT / f"{stem}.png"
        if objects.is_file():
            numbers = open_png(objects)[0]
            if numbers.shape == mask.labels.shape:
                for of_row, labels in zip(numbers, mask.labels, strict=True):
                    of_row[np.isin(labels, (0, mask.classes.void or 0))] = 0
            if numbers.ndim == 2:
                mask = replace(mask, instances=narrow(numbers))
        yield mask


FORMAT = MaskFormat(
    key="voc",
    title="PASCAL VOC folders",
    description="class and object images in VOC's tree, with labelmap.txt; read by CVAT, Datumaro, torchvision",
    extensions=(),
    layout=Layout.FOLDER,
    encode=_encode,
    decode=_decode,
    void=True,
    objects=Objects.ALWAYS,
    recognises=lambda found: (found.path / CLASS).is_dir(),
)

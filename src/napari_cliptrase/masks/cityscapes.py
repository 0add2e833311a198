"""Images of ids as in Cityscapes, with a given map from classes to its ids."""

from collections.abc import Iterable, Iterator

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage, mapped
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.mask_regions import object_plane
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.staging import OutFile

_IGNORE = 255


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    for mask in masks:
        ids = _ids(mask, options, tally)
        yield OutFile(f"{mask.stem}_gtFine_labelIds.png", encode_png(ids))
        yield OutFile(f"{mask.stem}_gtFine_color.png", encode_png(_colors(mask)))
        if options.instances:
            yield OutFile(f"{mask.stem}_gtFine_instanceIds.png", encode_png(_instance_ids(mask, ids, options)))


def _ids(mask: LabelImage, options: ExportOptions, tally: Tally) -> LabelArray:
    """(H, W) uint8 ids: 0 background, 255 void, classes by the map; classes without an id become 0 and are counted."""
    id_of: dict[int, int] = {}
    for entry in mask.classes:
        target = entry.id if options.id_map is None else options.id_map.get(entry.id, 0)
        if not 0 <= target <= _IGNORE or (target == _IGNORE and mask.void_pixels):
            raise MaskFormatError(f"Class {entry.name!r} has id {target} in the id map; use 1 to 254.")
        id_of[entry.id] = target
        if target == 0 and mask.counts.get(entry.id):
            tally.drop(mask.counts[entry.id])
            tally.note(f"Class {entry.name!r} has no id in the id map and became 0.")
    if options.id_map is None:
        tally.note("Without an id map the class ids were written as they are.")
    elif len(set(options.id_map.values())) < len(options.id_map):
        tally.lose("The id map gives one id to several classes.")
    if mask.classes.void is not None:
        id_of[mask.classes.void] = _IGNORE
    return mapped(mask, id_of, 0)


def _colors(mask: LabelImage) -> np.ndarray:
    return mapped(mask, {entry.id: entry.color for entry in mask.classes}, (0, 0, 0))


def _instance_ids(mask: LabelImage, ids: LabelArray, options: ExportOptions) -> LabelArray:
    """(H, W) uint16: id · 1000 + number of the object within its class, from 0; 0 and 255 outside objects."""
    plane = object_plane(mask, corners=options.corners)
    values, first, where = np.unique(plane, return_index=True, return_inverse=True)
    id_of = ids.reshape(-1)[first].astype(np.int64)
    numbers = np.zeros(len(values), np.int64)
    count: dict[int, int] = {}
    for i, (value, class_id) in enumerate(zip(values.tolist(), id_of.tolist(), strict=True)):
        if value == 0 or class_id == 0:
            continue
        numbers[i] = class_id * 1000 + count.get(class_id, 0)
        count[class_id] = count.get(class_id, 0) + 1
        if count[class_id] > 1000 or numbers[i] > 65535:
            raise MaskFormatError(
                f"{mask.stem} has an object {count[class_id]} of id {class_id}, but Cityscapes allows at most "
                "1000 objects of a "
                "class, and ids up to 65; export without objects."
            )
    return np.where(plane == 0, ids, numbers[where].reshape(plane.shape)).astype(np.uint16)


FORMAT = MaskFormat(
    key="cityscapes",
    title="Cityscapes ids",
    description="labelIds, color and instanceIds images with the ids of a given map; read by cityscapesScripts, mmseg",
    extensions=(),
    layout=Layout.FOLDER,
    encode=_encode,
    void=True,
    objects=Objects.ASKED,
    lossless=False,
)

"""NumPy archive: labels, object numbers, class table and the class scores of the segmentation."""

import math
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.pixels.declared_size import DEFLATE, check_declared

_NAMES = ("labels", "description", "instances", "score_ids", "score_maps", "score_shape")


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    for mask in masks:
        arrays: dict[str, Any] = {"labels": mask.labels, "description": np.array(metadata.dump(mask))}
        if mask.instances is not None:
            arrays["instances"] = mask.instances
        if mask.scores is not None:
            arrays |= {
                "score_ids": np.array(mask.scores.ids, np.int64),
                "score_maps": mask.scores.maps,
                "score_shape": np.array(mask.scores.shape, np.int64),
            }
        stream = BytesIO()
        np.savez_compressed(stream, **arrays)
        yield OutFile(place.file or f"{mask.stem}.npz", stream.getvalue())


def _decode(source: Path) -> Iterator[LabelImage]:
    for path, stem in tables.mask_files(source, (".npz",)):
        _check_archive(path)
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name in _NAMES}
        described = metadata.parse_metadata(str(arrays["description"])) if "description" in arrays else None
        mask = metadata.described(arrays["labels"], stem, described, None if described else tables.beside(path))
        scores = None
        if "score_maps" in arrays:
            height, width = arrays["score_shape"].tolist()
            scores = ClassScores(tuple(arrays["score_ids"].tolist()), arrays["score_maps"], (height, width))
        yield replace(mask, scores=scores, instances=arrays.get("instances"))


def _check_archive(path: Path) -> None:
    """Refuse arrays that declare more than the archive holds, before they are allocated."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename.removesuffix(".npy") not in _NAMES:
                continue
            check_declared(info.file_size, min(info.compress_size, path.stat().st_size), ratio=DEFLATE)
            with archive.open(info) as member:
                version = np.lib.format.read_magic(member)
                head = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
                if version not in head:
                    raise ValueError(f"its array {info.filename} is of an unknown version")
                shape, _, dtype = head[version](member)
                check_declared(math.prod(shape) * dtype.itemsize, info.file_size)


FORMAT = MaskFormat(
    key="npz",
    title="NumPy archive",
    description="labels with class scores, object numbers and class table; read by NumPy",
    extensions=(".npz",),
    layout=Layout.EACH,
    encode=_encode,
    decode=_decode,
    void=True,
    objects=Objects.ALWAYS,
    scores=True,
    recognises=lambda found: tables.holds(found.path, (".npz",)),
    stacks="*",
)

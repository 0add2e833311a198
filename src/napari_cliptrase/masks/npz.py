"""NumPy archive: labels, object numbers, class table and the class scores of the segmentation."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import Layout, MaskFormat, Objects, OutputPlace
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.staging import OutFile


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
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        described = metadata.load(str(arrays["description"])) if "description" in arrays else None
        mask = metadata.described(arrays["labels"], stem, described, None if described else tables.beside(path))
        scores = None
        if "score_maps" in arrays:
            height, width = arrays["score_shape"].tolist()
            scores = ClassScores(tuple(arrays["score_ids"].tolist()), arrays["score_maps"], (height, width))
        yield replace(mask, scores=scores, instances=arrays.get("instances"))


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

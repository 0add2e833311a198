"""ImageJ ROI zip: one outline per object, holes and parts kept as composite shapes."""

import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import numpy as np

from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.naming import file_part
from napari_cliptrase.masks.outlines import Outline, outlines
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.rings import Ring
from napari_cliptrase.masks.staging import OutFile

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_LONGEST_NAME = 200
_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    for mask in masks:
        stream = BytesIO()
        numbers: dict[int, int] = {}
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for plane, position in _positions(mask):
                for outline in outlines(plane, options, objects=True):
                    number = numbers[outline.entry.id] = numbers.get(outline.entry.id, 0) + 1
                    # the id keeps classes apart whose names differ only in characters that file names lack
                    file = f"{file_part(outline.entry.name)}-{outline.entry.id}-{number}.roi"
                    roi = _roi(outline, f"{_name(outline.entry.name, tally)}-{number}", position)
                    info = zipfile.ZipInfo(file)  # dated 1980: equal masks give equal bytes
                    info.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(info, roi)
        yield OutFile(place.file or f"{mask.stem}_rois.zip", stream.getvalue())


def _name(name: str, tally: Tally) -> str:
    """Return a name without emoji and the like: the files count characters of two bytes, readers do not."""
    plain = "".join(character if ord(character) < 0x10000 else _UNKNOWN for character in name)[:_LONGEST_NAME]
    if plain != name:
        tally.note(f"Class {name!r:.60} is called {plain!r:.60} in the ROIs, which cannot hold its name.")
    return plain


def _positions(mask: LabelImage) -> Iterator[tuple[LabelImage, dict[str, int]]]:
    """Planes, each with its place in a stack or hyperstack, counted from 1."""
    leading = mask.labels.shape[:-2]
    for plane, index in zip(mask.pieces(), np.ndindex(*leading), strict=True):
        place = {axis: at + 1 for axis, at in zip(mask.axes, index, strict=False)}
        if len(place) == 1:
            yield plane, {"position": next(iter(place.values()))}
        else:
            yield plane, {f"{axis.lower()}_position": at for axis, at in place.items() if axis in "CZT"}


def _roi(outline: Outline, name: str, position: dict[str, int]) -> bytes:
    from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

    x, y, width, height = outline.box
    red, green, blue = outline.entry.color
    common: dict[str, Any] = {
        "name": name,
        "left": x,
        "top": y,
        "right": x + width,
        "bottom": y + height,
        "stroke_color": bytes((255, red, green, blue)),
        **position,
    }
    rings = [ring for polygon in outline.polygons for ring in (polygon.outline, *polygon.holes)]
    if len(rings) > 1 or max(x + width, y + height) > 32767:
        path = np.concatenate([_path(ring) for ring in rings])
        roi = ImagejRoi(roitype=ROI_TYPE.RECT, shape_roi_size=len(path), multi_coordinates=path, **common)
    else:
        points = (rings[0] - (x, y)).astype(np.int32)
        roi = ImagejRoi(
            roitype=ROI_TYPE.TRACED,
            options=ROI_OPTIONS.NONE,
            integer_coordinates=points,
            n_coordinates=len(points),
            **common,
        )
    return bytes(roi.tobytes())


def _path(ring: Ring) -> np.ndarray:
    """Shape of a ring as ImageJ stores it: an operation and its point, one after the other."""
    steps = np.column_stack((np.full(len(ring), _LINE), ring))
    steps[0, 0] = _MOVE
    return np.append(steps.reshape(-1), _CLOSE).astype(np.float32)


FORMAT = MaskFormat(
    key="imagej",
    title="ImageJ ROIs",
    description="a zip of outlines along pixel edges, holes kept, one per object; read by Fiji's ROI manager",
    extensions=(".zip",),
    layout=Layout.EACH,
    encode=_encode,
    objects=Objects.ALWAYS,
    stacks="*",
    extra="imagej",
    module="roifile",
)

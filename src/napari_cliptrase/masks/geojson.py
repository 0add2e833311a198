"""GeoJSON for QuPath: polygons along pixel edges, holes as interior rings."""

import json
import uuid
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.json_file import read_json, whole
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import MaskFormat, Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.naming import by_name
from napari_cliptrase.masks.outlines import Outline, outlines
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.polygon_fill import ring_of
from napari_cliptrase.masks.rings import Polygon, Ring
from napari_cliptrase.masks.shape_canvas import ShapeCanvas, painted
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.progress import Progress

_SUFFIXES = (".geojson", ".json")
_UNCLASSIFIED = "unclassified"


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        by_name(table, FORMAT.title)
        features = [
            _feature(mask, number, outline)
            for number, outline in enumerate(outlines(mask, options, objects=options.instances), start=1)
        ]
        described = _json({metadata.OWN_KEY: metadata.mask_metadata(mask)})
        text = f'{{"type":"FeatureCollection","features":[{",".join(features)}],{described[1:]}\n'
        yield OutFile.text(place.file or f"{mask.stem}.geojson", text)


def _feature(mask: LabelImage, number: int, outline: Outline) -> str:
    """JSON of an object; as text, which takes less memory for a million parts."""
    parts = [_rings(polygon) for polygon in outline.polygons]
    kind, coordinates = ("Polygon", parts[0]) if len(parts) == 1 else ("MultiPolygon", f"[{','.join(parts)}]")
    name = _json(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{mask.stem}/{number}")))
    properties = _json(
        {
            "objectType": "annotation",
            "classification": {"name": outline.entry.name, "color": list(outline.entry.color)},
        }
    )
    geometry = f'{{"type":"{kind}","coordinates":{coordinates}}}'
    return f'{{"type":"Feature","id":{name},"geometry":{geometry},"properties":{properties}}}'


def _rings(polygon: Polygon) -> str:
    return _json([_closed(polygon.outline), *map(_closed, polygon.holes)])


def _closed(ring: Ring) -> list[list[int]]:
    points: list[list[int]] = ring.tolist()
    return [*points, points[0]]


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _is_geojson(found: Candidate) -> bool:
    if found.path.is_dir():
        return any(path.name.endswith(".geojson") for path in tables.files_below(found.path))
    data = found.json
    return isinstance(data, dict) and data.get("type") == "FeatureCollection"


def _decode(source: Path) -> Iterator[LabelImage | Progress]:
    loaded = [(stem, read_json(path)) for path, stem in tables.mask_files(source, _SUFFIXES)]
    table = ClassTable()
    for stem, data in loaded:
        if described := data.get(metadata.OWN_KEY):
            table = table.joined(ClassTable.from_data(described["classes"]), stem)
    table = tables.with_names(table, (_name(feature) for _, data in loaded for feature in data["features"]))
    for stem, data in loaded:
        described = data.get(metadata.OWN_KEY) or {}
        shapes = [(_name(feature), list(_points(feature["geometry"]))) for feature in data["features"]]
        canvas = ShapeCanvas(_shape(described, [rings for _, rings in shapes]), table)
        if not described:
            canvas.skip(f"{stem}: the file does not name the image size; the mask ends at its last polygon.")
        yield from painted(shapes, partial(_paint, canvas, stem), stem)
        yield canvas.image(
            stem,
            image_name=described.get("image"),
            scale=tuple(described.get("scale", ())),
            units=tuple(described.get("units", ())),
            origin=tuple(described.get("origin", ())),
        )


def _shape(described: dict[str, Any], shapes: list[list[np.ndarray]]) -> tuple[int, int]:
    """Rows and columns as we wrote them, or up to the last corner."""
    if "shape" in described:
        height, width = (whole(size, "shape") for size in described["shape"])
        return height, width
    corners = [ring.max(0) for rings in shapes for ring in rings if len(ring)]
    width, height = np.ceil(np.max(corners, axis=0)).astype(int).tolist() if corners else (1, 1)
    return max(height, 1), max(width, 1)


def _paint(canvas: ShapeCanvas, stem: str, shape: tuple[str, list[np.ndarray]]) -> None:
    name, rings = shape
    if rings:
        canvas.add_rings(canvas.id_of(name), rings)
    else:
        canvas.skip(f"{stem}: a {name!r} without area was left out.")


def _name(feature: dict[str, Any]) -> str:
    properties = feature.get("properties") or {}
    classification = properties.get("classification") or {}
    return str(classification.get("name") or properties.get("name") or _UNCLASSIFIED)


def _points(geometry: dict[str, Any]) -> Iterator[np.ndarray]:
    kind, coordinates = geometry["type"], geometry.get("coordinates", [])
    parts = [coordinates] if kind == "Polygon" else coordinates if kind == "MultiPolygon" else []
    for rings in parts:
        for ring in rings:
            yield ring_of(np.asarray(ring, np.float64)[:, :2])  # some have a height, too


FORMAT = MaskFormat(
    key="geojson",
    title="QuPath GeoJSON",
    description="polygons along pixel edges with holes, one file per image; read by QuPath and shapely",
    extensions=(".geojson",),
    layout=Layout.EACH,
    encode=_encode,
    decode=_decode,
    objects=Objects.ASKED,
    recognises=_is_geojson,
)

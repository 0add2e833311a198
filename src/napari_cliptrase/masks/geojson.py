"""GeoJSON for QuPath: polygons along pixel edges, holes as interior rings."""

import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks import metadata, tables
from napari_cliptrase.masks.candidate import Candidate
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import Layout, MaskFormat, Objects, OutputPlace
from napari_cliptrase.masks.json_file import read_json
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.naming import by_name
from napari_cliptrase.masks.outlines import Outline, outlines
from napari_cliptrase.masks.rings import Polygon, Ring, fill
from napari_cliptrase.masks.shape_canvas import ShapeCanvas
from napari_cliptrase.masks.staging import OutFile

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
        data = {
            "type": "FeatureCollection",
            "features": features,
            metadata.KEY: metadata.describe(mask),
        }
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
        yield OutFile.text(place.file or f"{mask.stem}.geojson", text)


def _feature(mask: LabelImage, number: int, outline: Outline) -> dict[str, Any]:
    parts = [_rings(polygon) for polygon in outline.polygons]
    geometry = (
        {"type": "Polygon", "coordinates": parts[0]}
        if len(parts) == 1
        else {"type": "MultiPolygon", "coordinates": parts}
    )
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{mask.stem}/{number}")),
        "geometry": geometry,
        "properties": {
            "objectType": "annotation",
            "classification": {"name": outline.entry.name, "color": list(outline.entry.color)},
        },
    }


def _rings(polygon: Polygon) -> list[list[list[int]]]:
    return [_closed(polygon.outline), *(_closed(hole) for hole in polygon.holes)]


def _closed(ring: Ring) -> list[list[int]]:
    points: list[list[int]] = ring.tolist()
    return [*points, points[0]]


def _is_geojson(found: Candidate) -> bool:
    if found.path.is_dir():
        return any(found.path.rglob("*.geojson"))
    data = found.json
    return isinstance(data, dict) and data.get("type") == "FeatureCollection"


def _decode(source: Path) -> Iterator[LabelImage]:
    loaded = [(stem, read_json(path)) for path, stem in tables.mask_files(source, _SUFFIXES)]
    table = ClassTable()
    for stem, data in loaded:
        if described := data.get(metadata.KEY):
            table = table.joined(ClassTable.from_json(json.dumps(described["classes"]), stem), stem)
    table = tables.with_names(table, (_name(feature) for _, data in loaded for feature in data["features"]))
    for stem, data in loaded:
        described = data.get(metadata.KEY) or {}
        shapes = [(_name(feature), list(_points(feature["geometry"]))) for feature in data["features"]]
        corners = np.array([point for _, rings in shapes for ring in rings for point in ring] or [(1, 1)])
        width, height = np.ceil(corners.max(0)).astype(int).tolist()
        height, width = described.get("shape", (height, width))
        canvas = ShapeCanvas((height, width), table)
        if not described:
            canvas.skip(f"{stem}: the file does not name the image size; the mask ends at its last polygon.")
        for name, rings in shapes:
            if rings:
                canvas.add(name, fill(rings, canvas.shape))
            else:
                canvas.skip(f"{stem}: a {name!r} without area was left out.")
        yield canvas.image(
            stem,
            image_name=described.get("image"),
            scale=tuple(described.get("scale", ())),
            units=tuple(described.get("units", ())),
            origin=tuple(described.get("origin", ())),
        )


def _name(feature: dict[str, Any]) -> str:
    properties = feature.get("properties") or {}
    classification = properties.get("classification") or {}
    return str(classification.get("name") or properties.get("name") or _UNCLASSIFIED)


def _points(geometry: dict[str, Any]) -> Iterator[np.ndarray]:
    kind, coordinates = geometry["type"], geometry.get("coordinates", [])
    parts = [coordinates] if kind == "Polygon" else coordinates if kind == "MultiPolygon" else []
    for rings in parts:
        for ring in rings:
            yield np.asarray(ring, np.float64)[:, :2]


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

"""Annotations as people and other tools draw them: polygons, boxes, circles."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from target import Target

from napari_cliptrase.masks.registry import FORMATS

_COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}],
    "categories": [{"id": 1, "name": "cat", "color": [1, 2, 3]}, {"id": 2, "name": "dog"}],
    "annotations": [
        {
            "id": 1,
            "image_id": 1,
            "category_id": 1,
            "segmentation": [[3.0, 4, 20, 5, 18, 25, 2, 20], [30, 2, 39, 2, 39, 9]],
        },
        {"id": 2, "image_id": 1, "category_id": 2, "segmentation": {"size": [30, 40], "counts": [600, 30, 570]}},
    ],
}
_LABELME = {
    "version": "5.5.0",
    "imageHeight": 30,
    "imageWidth": 40,
    "imagePath": "a.png",
    "shapes": [
        {"label": "cat", "shape_type": "polygon", "points": [[1, 2], [20.5, 3], [10, 25]], "group_id": 1},
        {"label": "cat", "shape_type": "circle", "points": [[20, 15], [25, 15]], "group_id": None},
        {"label": "dog", "shape_type": "rectangle", "points": [[30, 2], [38, 9]]},
        {"label": "dog", "shape_type": "line", "points": [[30, 2], [38, 9]]},
    ],
}
_CVAT = (
    "<annotations><meta><job><labels><label><name>dog</name><color>#010203</color></label></labels></job></meta>"
    '<image id="0" name="a.jpg" width="40" height="30">'
    '<polygon label="dog" points="1.5,2.0;20.0,3.0;10.0,25.0" z_order="1"/><box label="cat" xtl="3" ytl="4" xbr="9.5" '
    'ybr="8" z_order="0"/><mask label="dog" rle="2, 3, 4, 3" left="20" top="10" width="4" height="3" z_order="0"/>'
    "</image></annotations>"
)
_GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[1, 2], [20, 2], [20, 18], [1, 2]], [[5, 4], [9, 4], [9, 8]]],
            },
            "properties": {"classification": {"name": "cat", "color": [1, 2, 3]}},
        },
        {
            "type": "Feature",
            "geometry": {"type": "MultiPolygon", "coordinates": [[[[30, 2], [38, 2], [38, 9]]]]},
            "properties": {"name": "dog"},
        },
    ],
}
_BRUSH = [
    0, 0, 0, 120, 57, 27, 254, 27, 0, 183, 255, 108, 2, 63, 248, 192, 35, 255, 182, 1, 111, 255, 15, 128, 0,
]  # fmt: skip
_RESULT = {
    "type": "brushlabels",
    "original_width": 6,
    "original_height": 5,
    "value": {"format": "rle", "rle": _BRUSH, "brushlabels": ["cat"]},
}
_TASKS = [{"data": {"image": "a.png"}, "annotations": [{"result": [_RESULT]}]}]


def _corpus(name: str, text: str, folder: Path) -> tuple[Path, Sequence[Path]]:
    path = folder / name
    path.write_text(text)
    return path, [path]


def _parse(key: str, source: Path, out: Path) -> None:
    FORMATS["png"].write(FORMATS[key].read(source), out)


TARGETS = tuple(
    Target(f"{key}-drawn", partial(_corpus, name, text), partial(_parse, key))
    for key, name, text in (
        ("coco", "a.json", json.dumps(_COCO)),
        ("labelme", "a.json", json.dumps(_LABELME)),
        ("cvat", "a.xml", _CVAT),
        ("geojson", "a.geojson", json.dumps(_GEOJSON)),
        ("label-studio", "a.json", json.dumps(_TASKS)),
    )
)

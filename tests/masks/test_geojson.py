import json

import numpy as np
import pytest
from hypothesis import given

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.geojson import FORMAT
from napari_cliptrase.masks.label_image import LabelImage

shapely = pytest.importorskip("shapely", reason="shapely is the reader of GeoJSON here")


def shapes_in(path):
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["type"] == "FeatureCollection"
    for feature in data["features"]:
        yield feature, shapely.from_geojson(json.dumps(feature["geometry"]))


def test_the_golden_ring_has_its_hole(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.geojson")
    (cat, ring), (dog, _) = shapes_in(tmp_path / "a.geojson")
    assert cat["properties"]["classification"] == {"name": "cat", "color": [128, 0, 0]}
    assert cat["properties"]["objectType"] == "annotation"
    assert ring.equals(shapely.Polygon([(1, 1), (4, 1), (4, 4), (1, 4)], [[(2, 2), (3, 2), (3, 3), (2, 3)]]))
    assert ring.area == 8.0
    assert cat["id"] != dog["id"]


@pytest.mark.parametrize("objects", [False, True])
def test_shapes_are_valid_and_hold_exactly_their_pixels(objects, planes, new_folder):
    @given(planes())
    def check(mask):
        path = new_folder() / "a.geojson"
        FORMAT.write(mask, path, ExportOptions(instances=objects))
        ids = {entry.name: entry.id for entry in mask.classes}
        centres = shapely.points([[(x + 0.5, y + 0.5) for x in range(mask.shape[1])] for y in range(mask.shape[0])])
        painted = np.zeros(mask.shape, np.int64)
        for feature, shape in shapes_in(path):
            assert shape.is_valid
            painted += shapely.contains(shape, centres) * ids[feature["properties"]["classification"]["name"]]
        np.testing.assert_array_equal(painted, np.where(mask.labels == (mask.classes.void or 0), 0, mask.labels))

    check()


def test_a_file_of_qupath_without_a_size_ends_at_its_last_polygon(tmp_path):
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[[1, 1], [3, 1], [3, 2], [1, 2], [1, 1]]]},
        "properties": {"classification": {"name": "Tumor"}},
    }
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}, "properties": {}}
    data = {"type": "FeatureCollection", "features": [feature, point]}
    (tmp_path / "a.geojson").write_text(json.dumps(data))
    (mask,) = FORMAT.read(tmp_path / "a.geojson")
    assert mask.labels.tolist() == [[0, 0, 0], [0, 1, 1]]
    assert mask.classes.get(1).name == "Tumor"
    assert len(mask.notes) == 2


def test_two_classes_of_one_name_are_refused(tmp_path):
    mask = LabelImage(np.array([[1, 2]], np.uint8), ClassTable.from_names("cat", "cat"), stem="a")
    with pytest.raises(MaskFormatError, match="both called 'cat'"):
        FORMAT.write(mask, tmp_path)
    assert not list(tmp_path.iterdir())

import base64
import json
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.labelme import FORMAT


def painted(data, ids):
    """What labelme shows, by Pillow: the mask of each shape pasted at its first point."""
    canvas = Image.new("I", (data["imageWidth"], data["imageHeight"]))
    for shape in data["shapes"]:
        (left, top), (right, bottom) = shape["points"]
        crop = Image.open(BytesIO(base64.b64decode(shape["mask"]))).convert("1")
        assert crop.size == (right - left + 1, bottom - top + 1)
        canvas.paste(ids[shape["label"]], (left, top), crop)
    return np.asarray(canvas)


def test_the_golden_points(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text())
    assert [(s["label"], s["points"], s["shape_type"]) for s in data["shapes"]] == [
        ("cat", [[1, 1], [3, 3]], "mask"),
        ("dog", [[5, 1], [5, 2]], "mask"),
    ]
    assert data["imageData"] is None
    assert (data["imagePath"], data["imageHeight"], data["imageWidth"]) == ("a.png", 5, 6)


def test_pillow_pastes_the_shapes_to_the_same_mask(planes, new_folder):
    @given(planes(void=False))
    def check(mask):
        path = new_folder() / "a.json"
        FORMAT.write(mask, path)
        data = json.loads(path.read_text(encoding="utf-8"))
        np.testing.assert_array_equal(painted(data, {e.name: e.id for e in mask.classes}), mask.labels)

    check()


def test_labels_are_listed_for_labelme(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    assert (tmp_path / "labels.txt").read_text().splitlines() == ["__ignore__", "_background_", "cat", "dog"]


def test_shapes_drawn_by_hand_are_filled(tmp_path):
    shapes = [
        {"label": "cat", "shape_type": "polygon", "points": [[0, 0], [4, 0], [4, 2], [0, 2]]},
        {"label": "dog", "shape_type": "rectangle", "points": [[6, 6], [4, 4]]},
        {"label": "dog", "shape_type": "circle", "points": [[8, 1], [9, 1]]},
        {"label": "dog", "shape_type": "point", "points": [[8, 8]]},
    ]
    data = {"version": "5.5.0", "shapes": shapes, "imagePath": "x/a.jpg", "imageHeight": 10, "imageWidth": 10}
    (tmp_path / "a.json").write_text(json.dumps(data))
    (mask,) = FORMAT.read(tmp_path / "a.json")
    assert [e.name for e in mask.classes] == ["cat", "dog"]
    assert mask.labels[:2, :4].tolist() == [[1] * 4] * 2
    assert mask.labels[4:6, 4:6].tolist() == [[2] * 2] * 2
    assert mask.counts[2] == 4 + 4
    assert "'point'" in mask.notes[0]
    assert mask.image_name == "x/a.jpg"


def test_files_of_a_folder_share_ids(tmp_path):
    for name, label in (("a", "dog"), ("b", "cat"), ("c", "dog")):
        shape = {"label": label, "shape_type": "rectangle", "points": [[0, 0], [1, 1]]}
        data = {"shapes": [shape], "imagePath": f"{name}.jpg", "imageHeight": 1, "imageWidth": 1}
        (tmp_path / f"{name}.json").write_text(json.dumps(data))
    masks = FORMAT.read(tmp_path)
    assert [mask.labels.tolist() for mask in masks] == [[[1]], [[2]], [[1]]]


def test_two_classes_of_one_name_are_refused(tmp_path):
    mask = LabelImage(np.array([[1, 2]], np.uint8), ClassTable.from_names("cat", "cat"))
    with pytest.raises(MaskFormatError, match="both called 'cat'"):
        FORMAT.write(mask, tmp_path / "a.json")


def test_a_mask_that_does_not_fit_its_points_is_an_error(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    data = json.loads(text)
    data["shapes"][0]["points"][1] = [4, 4]
    (tmp_path / "a.json").write_text(json.dumps(data))
    with pytest.raises(MaskFormatError, match="does not fit its points"):
        FORMAT.read(tmp_path / "a.json")


def test_the_list_of_labels_keeps_those_of_other_masks(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    FORMAT.write(LabelImage(np.array([[3]], np.uint8), stem="b"), tmp_path)
    names = (tmp_path / "labels.txt").read_text().splitlines()
    assert names == ["__ignore__", "_background_", "cat", "dog", "class 3"]

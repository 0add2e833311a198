import json

import numpy as np
import pytest
from pycocotools import mask as coco

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.coco import STUFF


def write(path, annotations, categories=((1, "cat"), (2, "dog")), images=(("a.jpg", 6, 5),)):
    data = {
        "images": [{"id": i, "file_name": n, "width": w, "height": h} for i, (n, w, h) in enumerate(images)],
        "categories": [{"id": i, "name": name} for i, name in categories],
        "annotations": [{"id": i, "image_id": 0, **a} for i, a in enumerate(annotations)],
    }
    path.write_text(json.dumps(data))
    return path


def test_run_lengths_of_pycocotools_packed_and_plain(tmp_path):
    inside = np.zeros((5, 6), np.uint8)
    inside[1:4, 2:5] = 1
    packed = coco.encode(np.asfortranarray(inside))
    packed["counts"] = packed["counts"].decode()
    plain = {"size": [5, 6], "counts": [11, 3, 2, 3, 2, 3, 6]}
    for segmentation in (packed, plain):
        path = write(tmp_path / "a.json", [{"category_id": 2, "segmentation": segmentation}])
        (mask,) = STUFF.read(path)
        np.testing.assert_array_equal(mask.labels, 2 * inside)
        assert (mask.stem, mask.image_name) == ("a", "a.jpg")


def test_polygons_of_an_annotation_are_united_pixels_by_their_centres(tmp_path):
    square, inner = [1.0, 1, 4, 1, 4, 4, 1, 4], [2.0, 2, 6, 2, 6, 3, 2, 3]
    path = write(tmp_path / "a.json", [{"category_id": 1, "segmentation": [square, inner]}])
    (mask,) = STUFF.read(path)
    expected = coco.decode(coco.merge(coco.frPyObjects([square, inner], 5, 6)))
    np.testing.assert_array_equal(mask.labels, expected)
    assert mask.instances is None
    assert mask.overlapped == 0


@pytest.mark.parametrize(
    "polygon",
    [
        "[0, 0, NaN, 0, 3, 3]",
        "[0, 0, 1e999, 0, 3, 3]",
        "[0, 0, 1e10, 0, 3, 3]",
        "[0, 0, 3, 0, 3, 3, 7]",
        '[0, 0, "x", 0, 3, 3]',
        "[[0, 0], [3, 0], [3, 3], [0, 3], [0, 2], [0, 1]]",
        "[null, 0, 3, 0, 3, 3]",
    ],
)
def test_polygons_of_numbers_that_are_no_places_are_a_sentence(polygon, tmp_path):
    path = write(tmp_path / "a.json", [{"category_id": 1, "segmentation": "HERE"}])
    path.write_text(path.read_text().replace('"HERE"', f"[{polygon}]"))
    with pytest.raises(MaskFormatError, match=r"a\.json cannot be read as COCO stuff"):
        STUFF.read(path)


def test_corners_far_outside_of_the_image_take_neither_time_nor_memory(tmp_path):
    far = [-1e8, -1e8, 1e8, -1e8, 1e8, 1e8, -1e8, 1e8]
    (mask,) = STUFF.read(write(tmp_path / "a.json", [{"category_id": 1, "segmentation": [far]}]))
    assert mask.counts == {1: 30}


def test_later_annotations_lie_over_earlier_ones_and_overlaps_are_counted(tmp_path):
    whole = {"size": [5, 6], "counts": [0, 30]}
    part = {"size": [5, 6], "counts": [0, 4, 26]}
    path = write(
        tmp_path / "a.json", [{"category_id": 1, "segmentation": whole}, {"category_id": 2, "segmentation": part}]
    )
    (mask,) = STUFF.read(path)
    assert mask.counts == {1: 26, 2: 4}
    assert mask.overlapped == 4


def test_categories_from_zero_are_raised_and_reported(tmp_path):
    path = write(
        tmp_path / "a.json",
        [{"category_id": 0, "segmentation": {"size": [5, 6], "counts": [0, 30]}}],
        categories=((0, "cat"), (1, "dog")),
    )
    (mask,) = STUFF.read(path)
    assert mask.counts == {1: 30}
    assert [(e.id, e.name) for e in mask.classes] == [(1, "cat"), (2, "dog")]
    assert "raised by one" in mask.notes[0]


def test_images_without_annotations_are_empty_masks(tmp_path):
    (mask,) = STUFF.read(write(tmp_path / "a.json", []))
    assert mask.labels.shape == (5, 6)
    assert not mask.labels.any()


def test_two_images_of_one_stem_get_two_names(tmp_path):
    path = write(tmp_path / "a.json", [], images=(("a.jpg", 2, 2), ("a.png", 2, 2), ("C:\\x\\b.png", 2, 2)))
    assert [mask.stem for mask in STUFF.read(path)] == ["a", "a-2", "b"]


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        ({"category_id": 9, "segmentation": {"size": [5, 6], "counts": [30]}}, "category 9, which is not listed"),
        ({"category_id": 1, "segmentation": {"size": [4, 6], "counts": [24]}}, "4 × 6 pixels"),
        ({"category_id": 1, "segmentation": {"size": [5, 6], "counts": [0, 31]}}, "31 instead of 30"),
        ({"segmentation": {"size": [5, 6], "counts": [30]}}, "category_id"),
    ],
)
def test_what_does_not_fit_is_a_sentence(annotation, says, tmp_path):
    with pytest.raises(MaskFormatError) as error:
        STUFF.read(write(tmp_path / "a.json", [annotation]))
    assert says in str(error.value)
    assert "a.json" in str(error.value)


def test_annotations_without_mask_or_image_are_noted(golden, tmp_path):
    STUFF.write(golden, tmp_path / "c.json")
    data = json.loads((tmp_path / "c.json").read_text())
    data["annotations"][0]["segmentation"] = []
    data["annotations"][1]["image_id"] = 77
    (tmp_path / "c.json").write_text(json.dumps(data))
    (mask,) = STUFF.read(tmp_path / "c.json")
    assert mask.notes == (
        "1 annotation of images that are not listed left out.",
        "a.png: 1 annotation without a mask (box, key points) left out.",
    )


def test_polygons_without_area_are_no_mask(golden, tmp_path):
    STUFF.write(golden, tmp_path / "c.json")
    data = json.loads((tmp_path / "c.json").read_text())
    data["annotations"][0]["segmentation"] = [[1.0, 1, 4, 4], [0, 0, 3, 0, 3, 3]]
    data["annotations"][1]["segmentation"] = [[1, 2, 3]]
    (tmp_path / "c.json").write_text(json.dumps(data))
    (mask,) = STUFF.read(tmp_path / "c.json")
    assert set(mask.counts) == {0, 1}
    assert "1 annotation without a mask" in mask.notes[0]

import numpy as np
import pytest
from hypothesis import given

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.mask_regions import Order, object_plane, regions


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("objects", [False, True])
def test_boxes_and_crops_hold_the_pixels(order, objects, planes):
    @given(planes())
    def check(mask):
        painted = np.zeros(mask.shape, np.int64)
        numbers = []
        for region in regions(mask, order=order, objects=objects):
            x, y, width, height = region.box
            crop = region.crop()
            assert crop.any(0)[[0, -1]].all()
            assert crop.any(1)[[0, -1]].all()
            assert region.runs.area == crop.sum()
            painted[y : y + height, x : x + width] += crop * region.entry.id
            numbers.append(region.number)
        np.testing.assert_array_equal(painted, np.where(mask.labels == (mask.classes.void or 0), 0, mask.labels))
        assert numbers == (list(range(1, len(numbers) + 1)) if objects else [0] * len(numbers))

    check()


def test_objects_of_two_classes_never_join():
    mask = LabelImage(np.array([[1, 2], [2, 1]], np.uint8))
    assert len(np.unique(object_plane(mask, corners=True))) == 2
    assert len(np.unique(object_plane(mask, corners=False))) == 4


def test_void_separates_objects():
    mask = LabelImage(np.array([[1, 255, 1]], np.uint8), ClassTable(void=255))
    assert object_plane(mask, corners=True).tolist() == [[1, 0, 2]]


def test_object_numbers_over_background_are_no_object():
    mask = LabelImage(np.array([[0, 1]], np.uint8), instances=np.array([[4, 4]], np.uint8))
    assert object_plane(mask, corners=True)[0, 0] == 0

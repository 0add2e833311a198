import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.overlay import draw_overlay

GRAY = np.full((400, 500, 3), 128, np.uint8)


def halves():
    labels = np.zeros((400, 500), np.uint8)
    labels[:, :250] = 1
    return labels


def test_classes_are_tinted_and_the_background_is_not():
    table = ClassTable.from_names("tree")
    picture = np.asarray(draw_overlay(GRAY, halves(), table))
    assert (picture[:400, 252:500] == 128).all()
    tint = picture[200, 100].astype(float) - 128
    color = np.array(table.get(1).color) - 128.0
    assert tint @ color > 0
    assert picture[200, 249].tolist() == list(table.get(1).color)  # the border
    assert picture.shape[0] > 400  # the legend


def test_the_legend_shows_each_class_in_its_colour():
    table = ClassTable.from_names("tree", "car")
    legend = np.asarray(draw_overlay(GRAY, halves(), table))[400:]
    for entry in table:
        assert (legend == entry.color).all(-1).sum() > 20


@pytest.mark.parametrize("shape", [(1, 1), (30, 900), (900, 30), (3000, 2500)])
def test_any_size_gives_a_picture_of_reasonable_size(shape):
    labels = np.ones(shape, np.uint16)
    table = ClassTable.from_names("a very long name of a class that hardly fits anywhere", "b")
    picture = draw_overlay(np.zeros((*shape, 3), np.uint8), labels, table)
    assert max(picture.size) < 3000
    assert picture.mode == "RGB"


def test_many_classes_that_were_not_found_take_one_entry():
    many = ClassTable.from_names(*(f"class {i}" for i in range(150)))
    few = ClassTable.from_names("class 0")
    labels = np.ones((400, 500), np.uint8)
    heights = [draw_overlay(GRAY, labels, table).height for table in (few, many)]
    assert heights[1] <= heights[0] + 60


def test_an_image_without_any_class():
    draw_overlay(GRAY, np.zeros((400, 500), np.uint8), ClassTable())

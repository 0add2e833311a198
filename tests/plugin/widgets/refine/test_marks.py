import numpy as np

from napari_cliptrase.plugin.widgets.refine.marks import Box, Marks, Point


def test_marks_are_taken_back_one_by_one():
    marks = Marks().plus(Point(1, 2)).plus(Box(0, 0, 9, 9)).plus(Point(3, 4, inside=False))
    assert marks.without_last().made == (Point(1, 2), Box(0, 0, 9, 9))
    assert not Marks().without_last()


def test_the_last_box_holds_and_comes_back_when_a_newer_one_is_dropped():
    marks = Marks().plus(Box(0, 0, 9, 9)).plus(Box(1, 1, 5, 5))
    assert marks.box == Box(1, 1, 5, 5)
    assert marks.without_last().box == Box(0, 0, 9, 9)


def test_clicks_outside_the_object_alone_say_nothing():
    assert not Marks().plus(Point(1, 2, inside=False)).usable
    assert Marks().plus(Point(1, 2, inside=False)).plus(Point(5, 5)).usable
    assert Marks().plus(Box(0, 0, 9, 9)).usable


def test_coordinates_are_x_then_y():
    places, inside = Marks().plus(Point(1, 2)).plus(Point(3, 4, inside=False)).coordinates()
    np.testing.assert_array_equal(places, [[2, 1], [4, 3]])
    np.testing.assert_array_equal(inside, [1, 0])


def test_a_box_may_be_dragged_in_any_direction():
    assert Box.between((9, 2), (1, 7)) == Box(1, 2, 9, 7)
    assert Box.between((1, 1), (1.4, 9)).empty
    assert Box(-3, -2, 50, 60).clipped(40, 50) == Box(0, 0, 39, 49)

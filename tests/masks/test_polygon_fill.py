import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco
from skimage.draw import polygon as skimage_polygon

from napari_cliptrase.masks import polygon_fill
from napari_cliptrase.masks.pixel_runs import expanded
from napari_cliptrase.masks.polygon_fill import fill, fill_all, ring_of

SHAPE = (40, 50)
COORDINATE = st.floats(-20, 70, allow_nan=False)
RING = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=9).map(np.array)


def stars(seed, count=100):
    """Polygons with corners at random places, as people draw them."""
    chance = np.random.default_rng(seed)
    for _ in range(count):
        corners = chance.integers(3, 20)
        angle = np.sort(chance.uniform(0, 2 * np.pi, corners))
        radius = chance.uniform(4, 19, corners)
        yield np.stack((25 + radius * np.cos(angle), 20 + radius * np.sin(angle)), 1)


def test_filling_counts_pixels_by_their_centres():
    triangle = np.array([(0.0, 0.0), (4.1, 0.0), (0.0, 4.1)])
    assert fill([triangle], (4, 4)).astype(int).tolist() == [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]]
    assert fill([triangle - 1], (4, 4)).astype(int).tolist() == [[1, 1, 0, 0], [1, 0, 0, 0], [0] * 4, [0] * 4]
    assert not fill([triangle - 100], (4, 4)).any()
    assert not fill([triangle[:2]], (4, 4)).any()


def test_a_centre_on_an_edge_belongs_to_the_shape_at_its_right_or_below():
    left, right = ([(x, 0.5), (x + 2, 0.5), (x + 2, 2.5), (x, 2.5)] for x in (0.5, 2.5))
    assert np.argwhere(fill([np.array(left)], (4, 6))).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert np.argwhere(fill([np.array(right)], (4, 6))).tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]


@pytest.mark.parametrize("seed", range(3))
def test_scikit_image_fills_the_same_pixels(seed):
    for ring in stars(seed):
        expected = np.zeros(SHAPE, bool)
        rows, columns = skimage_polygon(ring[:, 1] - 0.5, ring[:, 0] - 0.5, SHAPE)
        expected[rows, columns] = True
        np.testing.assert_array_equal(fill([ring], SHAPE), expected)


def test_pycocotools_differs_at_the_outline_only():
    """It rounds corners to a fifth of a pixel and counts what its line touches: one pixel in twenty of the outline."""
    centres = shapely.points([[(x + 0.5, y + 0.5) for x in range(SHAPE[1])] for y in range(SHAPE[0])])
    differing, outline = 0, 0.0
    for ring in stars(7):
        reference = coco.decode(coco.merge(coco.frPyObjects([ring.reshape(-1).tolist()], *SHAPE))).astype(bool)
        different = fill([ring], SHAPE) != reference
        line = shapely.LinearRing(ring)
        assert (shapely.distance(centres[different], line) < 0.75).all()
        differing, outline = differing + int(different.sum()), outline + line.length
    print(f"{differing / outline:.3f} pixels differ per pixel of outline")  # noqa: T201 - named in docs/export.md
    assert differing < 0.08 * outline


@given(st.lists(st.lists(RING, min_size=1, max_size=3), max_size=5), st.sampled_from([1, 40, 1 << 22]))
def test_many_shapes_are_filled_as_one_by_one_however_many_fit_at_once(shapes, at_once):
    before, polygon_fill.ROWS_AT_ONCE = polygon_fill.ROWS_AT_ONCE, at_once
    try:
        painted = np.zeros((len(shapes), *SHAPE), bool)
        for number, starts, lengths in fill_all(shapes, SHAPE):
            for run, index in expanded(starts, lengths):
                painted.reshape(len(shapes), -1)[number[run], index] = True
    finally:
        polygon_fill.ROWS_AT_ONCE = before
    for rings, inside in zip(shapes, painted, strict=True):
        np.testing.assert_array_equal(inside, fill(rings, SHAPE))


@given(RING, RING)
def test_two_rings_leave_out_where_they_overlap(one, two):
    np.testing.assert_array_equal(fill([one, two], SHAPE), fill([one], SHAPE) ^ fill([two], SHAPE))


@pytest.mark.parametrize("far", [1e3, 1e6, 1e9])
def test_corners_far_outside_take_neither_time_nor_memory(far):
    ring = np.array([(-far, -far), (far, -far), (far, far), (-far, far)])
    assert fill([ring], SHAPE).all()
    assert not fill([ring + 3 * far], SHAPE).any()


@pytest.mark.parametrize(
    "points",
    [
        [[0, 0], [1, float("nan")], [1, 1]],
        [[0, 0], [float("inf"), 0], [1, 1]],
        [[0, 0], [1e10, 0], [1, 1]],
        [[0, 0], [-1e308, 0], [1, 1]],
        [[0, 0, 0], [1, 0, 0], [1, 1, 1]],
        [[0, 0], [1]],
        [0, 1, 2],
        "abc",
    ],
)
def test_points_that_are_no_places_are_a_value_error(points):
    with pytest.raises(ValueError):  # noqa: PT011 - the words of NumPy for lists of unequal length are its own
        ring_of(points)

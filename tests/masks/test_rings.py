import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from napari_cliptrase.masks.polygon_fill import fill
from napari_cliptrase.masks.rings import polygons, with_seams

PLANE = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.sampled_from([0, 1, 1, 2])
)


@given(PLANE)
def test_polygons_are_valid_disjoint_and_cover_exactly_their_pixels(plane):
    shapely = pytest.importorskip("shapely", reason="shapely judges the polygons")
    found = polygons(plane)
    assert list(found) == sorted(set(np.unique(plane).tolist()) - {0})
    for value, parts in found.items():
        painted = np.zeros(plane.shape, int)
        for part in parts:
            shape = shapely.Polygon(part.outline, part.holes)
            assert shape.is_valid
            assert shape.area == part.area
            painted += fill([part.outline, *part.holes], plane.shape)
        np.testing.assert_array_equal(painted, plane == value)
        assert shapely.MultiPolygon([shapely.Polygon(p.outline, p.holes) for p in parts]).is_valid


@given(PLANE)
def test_seams_keep_holes_for_readers_that_know_none(plane):
    height, width = plane.shape
    for value, parts in polygons(plane).items():
        rings = [with_seams(part).reshape(-1).astype(float).tolist() for part in parts]
        read = coco.decode(coco.merge(coco.frPyObjects(rings, height, width)))
        np.testing.assert_array_equal(read, plane == value)


def test_the_golden_ring_has_its_hole_and_runs_clockwise(golden):
    (cat,) = polygons(golden.labels)[1]
    assert cat.outline.tolist() == [[1, 1], [4, 1], [4, 4], [1, 4]]
    assert sorted(cat.holes[0].tolist()) == [[2, 2], [2, 3], [3, 2], [3, 3]]
    assert (cat.area, cat.box) == (8, (1, 1, 4, 4))


def test_pixels_that_touch_at_a_corner_are_two_parts():
    assert len(polygons(np.array([[1, 0], [0, 1]], np.uint8))[1]) == 2


@pytest.mark.parametrize("seed", range(40))
def test_seams_run_along_the_edges_of_pixels_and_take_nothing_away(seed):
    """A seam across a pixel would paint it in every program that draws outlines, too."""
    rng = np.random.default_rng(seed)
    plane = (rng.random(rng.integers(3, 14, 2)) < rng.uniform(0.5, 0.95)).astype(np.uint8)
    filled = np.zeros(plane.shape, bool)
    for polygon in polygons(plane).get(1, []):
        ring = with_seams(polygon)
        steps = np.roll(ring, -1, axis=0) - ring
        assert (steps == 0).any(1).all()
        filled |= fill([ring], plane.shape)
    np.testing.assert_array_equal(filled, plane > 0)

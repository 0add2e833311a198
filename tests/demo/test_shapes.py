import numpy as np
import pytest

from napari_cliptrase.demo.shapes import circle, ellipse, polygon, rectangle

Y, X = np.arange(40, dtype=np.float32)[:, None], np.arange(50, dtype=np.float32)[None, :]


def test_the_distance_to_a_disc_is_exact():
    distance = circle(Y, X, 20, 25, 10)
    assert distance[20, 25] == -10
    assert distance[20, 35] == 0
    assert distance[20, 45] == 10


def test_an_ellipse_with_equal_axes_is_a_disc_along_its_edge():
    disc, ellipse_ = circle(Y, X, 20, 25, 10), ellipse(Y, X, 20, 25, 10, 10)
    near = abs(disc) < 1
    assert np.allclose(disc[near], ellipse_[near], atol=0.1)


@pytest.mark.parametrize(
    ("distance", "area"),
    [
        (ellipse(Y, X, 20, 25, 8, 16), np.pi * 8 * 16),
        (rectangle(Y, X, 10.5, 10.5, 20.5, 30.5), 10 * 20),
        (polygon(Y, X, [(10.5, 10.5), (10.5, 30.5), (30.5, 30.5), (30.5, 10.5)]), 20 * 20),
        (polygon(Y, X, [(4.5, 25.5), (34.5, 40.3), (34.5, 10.7)]), 30 * 29.6 / 2),
    ],
)
def test_the_inside_has_the_area_of_the_shape(distance: np.ndarray, area: float):
    assert (distance <= 0).sum() == pytest.approx(area, rel=0.05)

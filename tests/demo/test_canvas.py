import numpy as np

from napari_cliptrase.demo.canvas import Canvas, lattice, over, ramp, shade


def test_a_window_has_the_noise_that_the_whole_picture_has_there():
    whole, window = Canvas.blank(0, 0, 60, 80), Canvas.blank(17, 23, 20, 30)
    assert np.allclose(whole.cloudy(5, 9.0)[17:37, 23:53], window.cloudy(5, 9.0), atol=1e-5)
    assert np.ptp(whole.noise(5, 9.0)) > 0.3


def test_noise_depends_on_the_seed_and_stays_in_range():
    places = np.arange(50)
    one, other = lattice(places, places, 1), lattice(places, places, 2)
    assert 0 <= one.min() < 0.1 < 0.9 < one.max() < 1
    assert (one != other).mean() > 0.99


def test_a_part_of_a_canvas_is_a_view_and_nothing_lies_outside():
    canvas = Canvas.blank(10, 20, 30, 40)
    part = canvas.within((15, 25, 18, 30))
    assert part is not None
    part.claim(np.full(part.labels.shape, -1.0, np.float32), 3, 7)
    rows, columns = np.nonzero(canvas.labels)
    assert rows.min() <= 5 <= 8 <= rows.max()
    assert columns.min() <= 5 <= 10 <= columns.max()
    assert canvas.labels.any(1).sum() < 10
    assert canvas.within((100, 0, 120, 10)) is None


def test_a_tint_covers_the_inside_and_half_of_the_edge():
    canvas = Canvas.blank(0, 0, 1, 3)
    canvas.tint(np.array([[-2.0, 0.0, 2.0]], np.float32), (1.0, 0.5, 0.0))
    assert np.allclose(canvas.image[0], [(1, 0.5, 0), (0.5, 0.25, 0), (0, 0, 0)])
    assert not canvas.labels.any()


def test_colours_are_mixed_by_their_share():
    amount = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert np.allclose(ramp((0, 0, 0), (1, 0.5, 0), amount)[0], [(0, 0, 0), (0.5, 0.25, 0), (1, 0.5, 0)])
    assert np.allclose(shade((1, 0.5, 0), amount)[0, 1], (0.5, 0.25, 0))
    assert np.allclose(over(np.ones((1, 3, 3), np.float32), (0, 0, 0), amount)[0, :, 0], (1, 0.5, 0))

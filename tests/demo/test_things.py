import numpy as np
import pytest

from napari_cliptrase.demo.canvas import Canvas
from napari_cliptrase.demo.things import PAINTERS, PAINTS, PROPORTIONS, Thing
from napari_cliptrase.demo.words import PAINTED, THINGS


def test_every_thing_has_a_painter_and_a_size():
    assert set(PAINTERS) == set(PROPORTIONS) == THINGS
    assert {paint for paints in PAINTED.values() for paint in paints} <= set(PAINTS)


@pytest.mark.parametrize("name", sorted(THINGS))
def test_a_thing_lies_in_its_box_and_its_mask_is_what_is_painted(name: str):
    canvas = Canvas.blank(0, 0, 120, 120)
    thing = Thing(name, 100, 60, 60, 7, PAINTED[name][0] if PAINTED[name] else "")
    thing.paint(canvas, 9, 4)
    rows, columns = np.nonzero(canvas.labels)
    y0, x0, y1, x1 = thing.box
    assert rows.min() >= y0 - 3
    assert rows.max() <= y1 + 3
    assert columns.min() >= x0 - 3
    assert columns.max() <= x1 + 3
    assert len(rows) > 0.2 * (y1 - y0) * (x1 - x0)
    assert np.array_equal(canvas.labels == 9, canvas.instances == 4)
    assert (canvas.image[canvas.labels == 9].sum(-1) > 0).mean() > 0.99


def test_a_thing_outside_leaves_the_canvas_as_it_was():
    canvas = Canvas.blank(0, 0, 20, 20)
    Thing("ball", 500, 500, 30, 1, "red").paint(canvas, 9, 4)
    assert not canvas.image.any()
    assert not canvas.labels.any()

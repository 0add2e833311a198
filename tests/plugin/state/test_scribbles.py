import numpy as np
import pytest

from napari_cliptrase.learn.lesson import painted_shares
from napari_cliptrase.plugin.state.scribbles import Scribbles, marked_shares


def marks():
    drawn = np.zeros((30, 50), np.uint8)
    drawn[5:9, 10:40] = 2
    drawn[20:, :7] = 3
    return drawn


@pytest.mark.parametrize("grid", [(3, 5), (4, 7), (30, 50)])
def test_shares_are_those_of_painted_pixels(grid):
    shares = marked_shares(marks(), grid)
    assert list(shares) == [2, 3]
    expected = painted_shares(marks(), grid, [2, 3])
    np.testing.assert_allclose(np.stack(list(shares.values())), expected, atol=1e-6)


def test_marks_are_kept_by_image_and_announced_when_they_change():
    scribbles, heard = Scribbles(), []
    scribbles.changed.connect(heard.append)
    assert scribbles.empty
    scribbles.put("a", marks())
    scribbles.put("a", marks())
    assert heard == ["a"]
    assert np.array_equal(scribbles.marks("a"), marks())
    assert scribbles.marks("b") is None
    assert set(scribbles.shares("a", (3, 5))) == {2, 3}
    scribbles.put("a", np.zeros((30, 50), np.uint8))
    assert heard == ["a", "a"]
    assert scribbles.empty
    assert scribbles.shares("a", (3, 5)) == {}


def test_what_is_given_out_can_be_drawn_on_without_a_change_of_what_is_kept():
    scribbles = Scribbles()
    scribbles.put("a", marks())
    scribbles.marks("a")[:] = 7
    assert np.array_equal(scribbles.marks("a"), marks())

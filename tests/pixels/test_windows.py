from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.pixels.windows import Window, plan_cores, plan_windows

grids = st.tuples(st.integers(1, 90), st.integers(1, 90))


@given(grids, st.integers(1, 42), st.floats(0, 0.9))
def test_windows_cover_the_grid_and_are_all_of_one_size(grid, largest, overlap):
    plan = plan_windows(grid, largest, overlap)
    covered = np.zeros(grid, int)
    for window in plan.windows:
        assert window.shape == plan.size
        assert 0 <= window.rows.start < window.rows.stop <= grid[0]
        covered[window.index] += 1
    assert covered.min() >= 1
    assert max(plan.size) <= largest
    assert len(set(plan.windows)) == len(plan)


@given(st.integers(1, 200), st.integers(4, 42), st.floats(0, 0.75))
def test_neighbours_overlap_by_the_share_asked_for(size, largest, overlap):
    plan = plan_windows((size, 1), largest, overlap)
    length = plan.size[0]
    starts = [window.rows.start for window in plan.windows]
    for first, second in pairwise(starts):
        assert length - (second - first) >= overlap * length - 1


@given(grids, st.integers(3, 42), st.floats(0, 0.9), st.tuples(st.integers(1, 700), st.integers(1, 700)))
def test_owned_parts_cover_the_image_once_and_lie_inside_their_window(grid, largest, overlap, shape):
    plan = plan_windows(grid, largest, overlap)
    covered = np.zeros(shape, int)
    for number in range(len(plan)):
        owned, extent = plan.owned(number, shape)
        covered[owned.index] += 1
        if 0 not in owned.shape:
            assert extent.rows.start <= owned.rows.start
            assert owned.rows.stop <= extent.rows.stop
            assert extent.columns.start <= owned.columns.start
            assert owned.columns.stop <= extent.columns.stop
    assert (covered == 1).all()


def test_pixels_belong_to_the_window_with_the_nearest_middle():
    plan = plan_windows((10, 40), 20, 0.5)
    middles = [(w.columns.start + w.columns.stop) / 2 * 16 for w in plan.windows]
    for number in range(len(plan)):
        owned, _ = plan.owned(number, (160, 640))
        for column in (owned.columns.start + 0.5, owned.columns.stop - 0.5):
            assert abs(column - middles[number]) == min(abs(column - middle) for middle in middles)


def test_a_small_grid_is_one_window():
    plan = plan_windows((21, 28), 42, 0.3)
    assert (len(plan), plan.size) == (1, (21, 28))


def test_no_window_is_longer_than_it_has_to_be():
    plan = plan_windows((1, 43), 42, 1 / 3)
    assert len(plan) == 2
    assert plan.size[1] < 30


def test_weights_fall_off_to_the_edges():
    weight = plan_windows((30, 30), 20, 0.3).weight()
    assert weight.shape == plan_windows((30, 30), 20, 0.3).size
    assert weight.min() > 0
    assert weight[0, 0] == weight[-1, -1] == weight.min()
    assert weight.argmax() not in (0, weight.size - 1)


@pytest.mark.parametrize("largest", [1, 2])
def test_tiny_windows_still_cover(largest):
    assert len(plan_windows((1, 9), largest, 0.9)) == 10 - largest


@given(grids, st.integers(9, 42), st.floats(0.1, 0.6), st.tuples(st.integers(-8, 7), st.integers(-8, 7)))
def test_cores_of_one_size_cover_the_image_and_lie_inside_their_window(grid, largest, overlap, extra):
    plan = plan_cores(grid, largest, overlap)
    shape = (16 * grid[0] + extra[0], 16 * grid[1] + extra[1])
    covered = np.zeros(shape, int)
    height, width = plan.core_shape(shape)
    for number in range(len(plan)):
        owned, extent = plan.owned(number, shape)
        covered[owned.index] += 1
        assert (owned.rows.start % height, owned.columns.start % width) == (0, 0)
        assert extent.rows.start <= owned.rows.start < owned.rows.stop <= extent.rows.stop
        assert extent.columns.start <= owned.columns.start < owned.columns.stop <= extent.columns.stop
    assert (covered == 1).all()
    assert len(set(plan.windows)) == len(plan)


def test_cores_do_not_move_when_the_image_grows():
    small, large = plan_cores((60, 60), 21, 1 / 3), plan_cores((200, 90), 21, 1 / 3)
    inner = {window for window in small.windows if max(window.rows.stop, window.columns.stop) < 60}
    assert inner <= set(large.windows)
    assert small.core_shape((960, 960)) == large.core_shape((3200, 1440)) == (224, 224)


def test_a_plan_says_where_its_windows_lie():
    record = plan_cores((60, 21), 21, 1 / 3).record()
    assert record == {"grid": [60, 21], "size": [21, 21], "rows": [0, 11, 25, 39], "columns": [0]}


boxes = st.tuples(*(st.tuples(st.integers(0, 12), st.integers(1, 12)).map(lambda p: slice(p[0], sum(p))) for _ in "yx"))


@given(boxes, boxes)
def test_what_two_windows_share_is_indexed_within_each(first, second):
    marked = np.zeros((2, 24, 24), bool)
    marked[0][first] = marked[1][second] = True
    shared = Window.of(first).overlap(Window.of(second))
    assert np.array_equal(np.argwhere(marked.all(0)), np.argwhere(_only(shared.index)))
    numbers = np.arange(24 * 24).reshape(24, 24)
    for box in (first, second):
        assert np.array_equal(numbers[box][shared.within(Window.of(box))], numbers[shared.index])


def _only(index):
    there = np.zeros((24, 24), bool)
    there[index] = True
    return there

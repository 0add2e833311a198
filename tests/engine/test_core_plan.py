"""Which cores touch a box, and which windows each of them needs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase import Settings
from napari_cliptrase.engine.core_plan import plan_large

FULL = Settings(detail="full")


@given(st.integers(40, 3000), st.integers(40, 3000), st.floats(0.1, 0.6), st.sampled_from([16, 14, 32]))
def test_every_patch_below_a_core_lies_in_its_windows(height, width, overlap, patch):
    plan = plan_large((height, width), patch, Settings(detail="full", overlap=overlap))
    for number in {0, len(plan.windows) // 2, len(plan.windows) - 1}:
        core = plan.core(number)
        covered = np.zeros(plan.windows.grid, bool)
        over = plan.windows_of(number)
        assert number in over
        assert over == sorted(set(over))
        for other in over:
            covered[plan.windows.windows[other].index] = True
        assert covered[plan.cells(core).index].all()


def test_cores_of_a_box_cover_it_and_no_more_than_needed():
    plan = plan_large((2240, 2240), 16, FULL)
    box = (slice(100, 230), slice(448, 449))
    cores = plan.cores_in(box)
    assert [(plan.core(n).rows.start, plan.core(n).columns.start) for n in cores] == [(0, 448), (224, 448)]
    assert plan.cores_in(box, finished={cores[0]}) == cores[1:]
    assert plan.cores_in(None) == list(range(len(plan.windows)))


def test_windows_are_listed_once_in_the_order_of_their_first_use():
    plan = plan_large((1000, 1000), 16, FULL)
    needed = plan.needed(plan.cores_in(None))
    assert sorted(needed) == list(range(len(plan.windows)))
    assert needed[0] == 0


def test_a_window_lies_where_its_pixels_are():
    plan = plan_large((1600, 1600), 16, FULL)
    first = plan.windows.windows[1]
    assert plan.pixels(1) == (0.0, 16.0 * first.columns.start, 336.0, 16.0 * first.columns.stop)


@pytest.mark.parametrize("detail", ["coarse", "fine"])
def test_other_details_have_cores_too(detail):
    plan = plan_large((5000, 7000), 16, Settings(detail=detail))
    seen = np.zeros(plan.shape, np.uint8)
    for number in plan.cores_in(None):
        seen[plan.core(number).index] += 1
    assert (seen == 1).all()

import numpy as np
import pytest

from napari_cliptrase.plugin.widgets.explore.patch_maps import (
    MEAN_OF_HEADS,
    PatchMap,
    WindowView,
    attention_map,
    heat_map,
    region_colors,
)

GRID = (2, 3)


@pytest.fixture
def view():
    return WindowView(
        GRID,
        slice(10, 30),
        slice(100, 160),
        correlation=np.arange(49.0).reshape(7, 7),
        affinity=np.arange(36.0).reshape(6, 6),
        regions=np.array([0, 0, 1, -1, 1, 1]),
    )


def test_the_patch_of_a_pixel(view):
    assert view.patch_at(10, 100) == (0, 0)
    assert view.patch_at(20, 139.9) == (1, 1)
    assert view.patch_at(29.9, 159.9) == (1, 2)
    assert view.patch_at(30, 120) is None
    assert view.patch_at(15, 99.9) is None


def test_correlation_of_a_patch_leaves_cls_out(view):
    np.testing.assert_array_equal(heat_map(view, PatchMap.RECOVERED, (1, 0)), [[29, 30, 31], [32, 33, 34]])
    np.testing.assert_array_equal(heat_map(view, PatchMap.DENOISED, (1, 0)), [[18, 19, 20], [21, 22, 23]])


def test_cls_map_is_the_same_for_every_patch(view):
    np.testing.assert_array_equal(heat_map(view, PatchMap.CLS, (0, 0)), [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(heat_map(view, PatchMap.CLS, (1, 2)), heat_map(view, PatchMap.CLS, (0, 0)))


def test_attention_of_one_head_and_of_all():
    attention = np.stack([np.zeros((7, 7)), np.arange(49.0).reshape(7, 7)])
    np.testing.assert_array_equal(attention_map(attention, GRID, 1, (0, 1)), [[15, 16, 17], [18, 19, 20]])
    np.testing.assert_array_equal(attention_map(attention, GRID, MEAN_OF_HEADS, (0, 1)), [[7.5, 8, 8.5], [9, 9.5, 10]])
    np.testing.assert_array_equal(attention_map(attention, GRID, 1, None), [[1, 2, 3], [4, 5, 6]])


def test_only_the_region_of_the_patch_stays_bright(view):
    plain, marked = region_colors(view, None), region_colors(view, (0, 2))
    assert not plain[1, 0].any()
    np.testing.assert_array_equal(marked[0, 2], plain[0, 2])
    np.testing.assert_array_equal(marked[1, 1], plain[0, 2])
    np.testing.assert_array_equal(marked[0, 0], plain[0, 0] // 3)


def test_no_regions_at_all(view):
    empty = WindowView(GRID, view.rows, view.columns, view.correlation, view.affinity, np.full(6, -1))
    assert not region_colors(empty, (0, 0)).any()

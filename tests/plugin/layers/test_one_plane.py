import numpy as np
import pytest
import zarr
from napari.layers import Labels

from napari_cliptrase.plugin.layers.one_plane import OnePlane


@pytest.fixture
def plane(tmp_path):
    array = zarr.create_array(tmp_path / "a.zarr", shape=(40, 50), dtype="uint8", chunks=(16, 16))
    array[...] = np.arange(2000).reshape(40, 50) % 7
    return OnePlane(array, 4, 2, 3)


def test_it_is_indexed_like_an_array_with_more_axes(plane):
    expected = plane.array[...][None, None]
    assert plane.shape == expected.shape == (1, 1, 40, 50)
    rows, columns = np.array([3, 39, 0]), np.array([4, 0, 49])
    zeros = np.zeros(3, int)
    for index in (
        ...,
        0,
        (0, 0),
        (0, slice(None), slice(3, 9)),
        (0, 0, 5, slice(None)),
        (slice(None), 0, slice(2, 30, 3), 7),
        (..., 4),
        (0, 0, 5, 6),
        (slice(1, 1), 0),
        (zeros, zeros, rows, columns),
    ):
        np.testing.assert_array_equal(plane[index], expected[index])
    with pytest.raises(IndexError):
        plane[1]


def test_a_label_layer_over_it_is_painted_filled_and_undone_on_the_disk(plane):
    layer = Labels(plane)
    before = plane.array[...].copy()
    layer.brush_size = 5
    layer.paint((0, 0, 10, 10), 9)
    assert plane.array[10, 10] == 9
    assert (plane.array[...] != before).sum() > 9
    layer.undo()
    np.testing.assert_array_equal(plane.array[...], before)
    layer.contiguous = False
    layer.fill((0, 0, 0, 0), 8)
    assert not (plane.array[...] == 0).any()
    layer.undo()
    np.testing.assert_array_equal(plane.array[...], before)
    layer.data_setitem((np.zeros(2, int), np.zeros(2, int), np.array([1, 2]), np.array([3, 4])), 6)
    assert plane.array[2, 4] == 6

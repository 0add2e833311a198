import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from napari_cliptrase.cliptrase import upsample
from napari_cliptrase.cliptrase.upsample import Part, cells_below, highest, strips, winners

SHAPES = st.tuples(
    st.integers(1, 9),  # maps
    st.tuples(st.integers(1, 6), st.integers(1, 6)),  # grid
    st.tuples(st.integers(1, 40), st.integers(1, 40)),  # image
)


def whole(maps, size):
    return F.interpolate(maps[None].double(), size=size, mode="bilinear")[0]


def assert_highest(found, maps, size):
    """The chosen map is the highest, up to rounding."""
    values = whole(maps, size)
    chosen = values.gather(0, torch.from_numpy(found.astype(np.int64))[None])[0]
    assert (values.max(0).values - chosen).max() <= 1e-5 * max(1.0, float(maps.abs().max()))


@given(seed=st.integers(0, 2**32 - 1), shape=SHAPES)
@settings(max_examples=150, deadline=None)
def test_is_the_argmax_of_the_interpolated_maps(seed, shape):
    count, grid, size = shape
    maps = torch.randn(count, *grid, generator=torch.Generator().manual_seed(seed))
    assert_highest(highest(maps, size), maps, size)


@given(seed=st.integers(0, 2**32 - 1), shape=SHAPES)
@settings(max_examples=100, deadline=None)
def test_the_lowest_index_wins_among_equals(seed, shape):
    count, grid, size = shape
    values = torch.randint(0, 2, (count, *grid), generator=torch.Generator().manual_seed(seed)).float()
    twice = values.repeat(2, 1, 1)  # every map has an equal one with a higher index
    assert highest(twice, size).max() < count


@given(seed=st.integers(0, 2**32 - 1), shape=SHAPES)
@settings(max_examples=100, deadline=None)
def test_bands_put_together_are_the_interpolation(seed, shape):
    count, grid, size = shape
    maps = torch.randn(count, *grid, generator=torch.Generator().manual_seed(seed))
    rows, parts = [], []
    for band in (band for strip in strips(maps, size) for band in strip.bands):
        for part, values in band.tiles():
            rows.append(part)
            parts.append(values)
    assert [(part.start, part.stop) for part in rows] == sorted((part.start, part.stop) for part in rows)
    assert sum(part.stop - part.start for part in rows) == size[0]
    torch.testing.assert_close(torch.cat(parts, 1).double(), whole(maps, size), rtol=0, atol=1e-5)


def test_a_map_that_wins_only_between_grid_rows_is_not_left_out():
    """At both ends of the band another map is on top, in the middle the third one is."""
    maps = torch.tensor([[[10.0], [-10.0]], [[-10.0], [10.0]], [[1.0], [1.0]]])
    found = highest(maps, (40, 1))[:, 0]
    assert set(found.tolist()) == {0, 1, 2}
    assert_highest(found[:, None], maps, (40, 1))


def test_most_maps_are_left_out_where_they_cannot_win():
    maps = torch.randn(200, 4, 4) + torch.linspace(0, 20, 200)[:, None, None]
    found = np.concatenate([strip.contenders() for strip in strips(maps, (64, 64))], axis=1)
    assert found.shape == (200, 4)
    assert (found.sum(0) < 60).all()


def test_small_tiles_change_nothing(monkeypatch):
    maps = torch.randn(7, 5, 6)
    expected = highest(maps, (50, 70))
    monkeypatch.setattr(upsample, "VALUES_AT_ONCE", 100)
    assert (highest(maps, (50, 70)) == expected).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 5)])
def test_an_image_smaller_than_the_grid(size):
    maps = torch.randn(3, 5, 5)
    assert_highest(highest(maps, size), maps, size)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 300), few=st.booleans())
@settings(max_examples=100, deadline=None)
def test_winners_are_torchs_maximum_and_its_first_index(seed, count, few):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(count, 4, 5, generator=generator) * 10 ** float(torch.rand(1, generator=generator) * 10 - 5)
    if few:
        values = values.sign()  # many are equal
    if count > 1:
        values[0] = -torch.inf
    best, index = winners(values)
    expected = values.numpy()
    assert (best.numpy() == expected.max(0)).all()
    assert (index.numpy() == expected.argmax(0)).all()


@given(seed=st.integers(0, 2**32 - 1), shape=SHAPES, cut=st.tuples(*[st.floats(0, 1)] * 4))
@settings(max_examples=100, deadline=None)
def test_a_part_has_the_values_of_the_whole(seed, shape, cut):
    count, grid, size = shape
    maps = torch.randn(count, *grid, generator=torch.Generator().manual_seed(seed))
    pixels = tuple(
        slice(int(a * (n - 1)), int(a * (n - 1)) + 1 + int(b * (n - 1 - int(a * (n - 1)))))
        for n, a, b in zip(size, cut[:2], cut[2:], strict=True)
    )
    cells = cells_below(size, grid, pixels)
    part = Part.of(size, grid, pixels, cells)
    values = np.concatenate([tile.numpy() for _, tile in part.tiles(maps[:, cells[0], cells[1]])], axis=1)
    assert values.shape[1:] == part.size
    np.testing.assert_allclose(values, whole(maps, size)[:, pixels[0], pixels[1]], atol=1e-5)
    chosen = highest(maps[:, cells[0], cells[1]], part.size, part)
    np.testing.assert_array_equal(chosen, values.argmax(0))


@pytest.mark.parametrize("seed", range(30))
def test_a_part_of_smooth_maps_gets_the_maps_that_are_highest(seed):
    random = torch.Generator().manual_seed(seed)
    few = torch.randn(12, 1, 4, 4, generator=random)
    maps = torch.nn.functional.interpolate(few, (16, 17), mode="bicubic")[:, 0]
    maps[7] = maps[2]  # two equal ones: the first wins
    pixels = slice(20, 200), slice(3, 250)
    cells = cells_below((224, 255), (16, 17), pixels)
    part = Part.of((224, 255), (16, 17), pixels, cells)
    inside = maps[:, cells[0], cells[1]]
    values = torch.cat([tile for _, tile in part.tiles(inside)], dim=1)
    np.testing.assert_array_equal(highest(inside, part.size, part), values.numpy().argmax(0))


def test_a_map_that_wins_only_between_the_cells_of_a_part_is_found():
    maps = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]], [[0.9, 0.9], [0.9, 0.9]]])
    whole_part = slice(0, 32), slice(0, 32)
    part = Part.of((32, 32), (2, 2), whole_part, (slice(0, 2), slice(0, 2)))
    assert set(np.unique(highest(maps, (32, 32), part))) == {0, 1, 2}

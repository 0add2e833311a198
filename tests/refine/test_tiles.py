import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.refine.tiles import tiles_of


@given(st.integers(1, 300), st.integers(1, 300), st.integers(20, 120))
def test_every_pixel_is_owned_once_and_seen_by_its_window(height: int, width: int, largest: int) -> None:
    owners = np.zeros((height, width), int)
    for tile in tiles_of((height, width), largest):
        assert max(tile.shape) <= largest
        owners[tile.owned] += 1
        view = np.arange(height * width).reshape(height, width)
        assert np.array_equal(view[tile.rows, tile.columns][tile.owned_within], view[tile.owned])
    assert (owners == 1).all()


def test_a_small_image_is_one_window() -> None:
    (tile,) = tiles_of((30, 40), 64)
    assert tile.rows == tile.owned_rows == slice(0, 30)
    assert tile.columns == tile.owned_columns == slice(0, 40)


def test_a_place_belongs_to_the_window_that_owns_its_pixel() -> None:
    tiles = tiles_of((100, 250), 100)
    owners = [number for number, tile in enumerate(tiles) if tile.owns(50.0, 249.9)]
    assert owners == [len(tiles) - 1]

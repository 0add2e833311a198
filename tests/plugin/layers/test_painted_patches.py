import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson import painted_shares
from napari_cliptrase.learn.spots import spot_grid
from napari_cliptrase.plugin.layers.painted_patches import PaintedPatches
from napari_cliptrase.plugin.state.run_choices import Output

CAT, DOG = 1, 2
GRID = (3, 5)
"""Does not divide the board of 12 × 16 pixels."""


def patches_of(board, target=None, grid=GRID):
    layers = board.label_layers
    return PaintedPatches(layers.contents, layers.history, target or board.target(), grid)


def renewed(patches):
    patches.renew()
    return patches.shares()


def test_what_only_a_model_wrote_teaches_nothing(board, halves):
    board.write(halves)
    patches = patches_of(board)
    assert renewed(patches) == {}
    assert not patches.stated.any()


@pytest.mark.parametrize("output", [Output.CLASSES, Output.COMBINED])
def test_painted_pixels_are_shares_of_their_patches(board, halves, output):
    board.write(halves, output=output)
    rows, columns = np.mgrid[0:3, 8:12]
    layer = board.label_layers.combined_layer(board.image) or board.layer(CAT)
    layer.data_setitem((rows.ravel(), columns.ravel()), CAT)
    painted = np.zeros(halves.shape, bool)
    painted[rows, columns] = True
    shares = renewed(patches_of(board))
    assert list(shares) == [(CAT, False)]
    (expected,) = painted_shares(np.ones(halves.shape, np.uint8), GRID, [1], painted)
    np.testing.assert_allclose(shares[CAT, False], expected, atol=1e-6)


def test_erased_pixels_say_what_is_not_there(board, halves):
    board.write(halves)
    board.paint(DOG, [0, 0], [8, 9], 0)
    shares = renewed(patches_of(board))
    assert list(shares) == [(0, False), (DOG, True)]
    np.testing.assert_array_equal(shares[0, False], shares[DOG, True])
    assert shares[0, False].sum() > 0


def test_undo_and_redo_of_a_stroke_are_followed_row_by_row(board, halves):
    board.write(halves)
    patches = patches_of(board)
    board.label_layers.rows_changed.connect(lambda _layer, _plane, rows: patches.note_rows(rows))
    assert renewed(patches) == {}
    board.paint(CAT, [5, 6, 6], [9, 9, 10], CAT)
    painted = renewed(patches)
    assert (CAT, False) in painted
    board.layer(CAT).undo()
    assert renewed(patches) == {}
    board.layer(CAT).redo()
    np.testing.assert_array_equal(renewed(patches)[CAT, False], painted[CAT, False])


def test_rows_that_are_noted_give_the_same_as_reading_everything(board, halves):
    board.write(halves)
    patches = patches_of(board)
    board.label_layers.rows_changed.connect(lambda _layer, _plane, rows: patches.note_rows(rows))
    patches.renew()
    rng = np.random.default_rng(3)
    for _ in range(12):
        row, column = rng.integers(0, 9), rng.integers(0, 12)
        rows, columns = np.mgrid[row : row + 3, column : column + 4]
        class_id = int(rng.integers(1, 3))
        board.paint(class_id, rows.ravel(), columns.ravel(), int(rng.choice([0, class_id])))
        step, fresh = renewed(patches), renewed(patches_of(board))
        assert step.keys() == fresh.keys()
        for owner, shares in fresh.items():
            np.testing.assert_array_equal(step[owner], shares)


def test_only_the_box_counts(board, halves):
    board.write(halves)
    board.paint(CAT, [0, 7], [0, 10], CAT)
    inside = patches_of(board, board.target(rows=slice(6, 12), columns=slice(8, 16)), (2, 2))
    shares = renewed(inside)
    np.testing.assert_allclose(shares[CAT, False], [1 / 12, 0, 0, 0], atol=1e-6)
    inside.note_rows(slice(0, 3))  # not in the box
    assert renewed(inside).keys() == shares.keys()


def test_an_image_that_changed_is_refused_with_a_sentence(board, halves):
    board.write(halves)
    patches = patches_of(board)
    board.versions[board.image.unique_id] = 1
    with pytest.raises(CliptraseError, match="has changed"):
        patches.renew()


def test_spots_have_shares_of_their_own(board, halves):
    board.write(halves)
    board.paint(CAT, [1, 1, 2], [9, 10, 9], CAT)
    patches = patches_of(board)
    patches.renew()
    painted = np.zeros(halves.shape, bool)
    painted[[1, 1, 2], [9, 10, 9]] = True
    (expected,) = painted_shares(np.ones(halves.shape, np.uint8), spot_grid(GRID), [1], painted)
    np.testing.assert_allclose(patches.spot_shares()[CAT, False], expected, atol=1e-6)

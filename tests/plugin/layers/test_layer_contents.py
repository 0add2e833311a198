import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError


def test_areas_are_those_of_the_layers_as_they_are_now(board, halves):
    board.write(halves)
    assert board.label_layers.contents.areas(board.target()) == {1: 0.5, 2: 0.5, 0: 0}
    board.layer(1).data_setitem(np.nonzero(halves == 1), 0)
    assert board.label_layers.contents.areas(board.target()) == {1: 0, 2: 0.5, 0: 0.5}


def test_a_layer_that_was_deleted_has_no_area(board, halves):
    board.write(halves)
    board.viewer.layers.remove(board.layer(2))
    assert board.label_layers.contents.areas(board.target()) == {1: 0.5, 0: 0.5}


def test_an_image_that_changed_or_went_is_reported_in_words(board):
    contents = board.label_layers.contents
    target = board.target()
    board.versions[board.image.unique_id] = 1
    with pytest.raises(CliptraseError, match="has changed meanwhile"):
        contents.image(target)
    board.viewer.layers.remove(board.image)
    with pytest.raises(CliptraseError, match="was removed meanwhile"):
        contents.image(target)

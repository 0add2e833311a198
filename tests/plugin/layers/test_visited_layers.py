import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.plugin.layers import Visibility
from napari_cliptrase.plugin.layers.visited_layers import VisitedLayers


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (9, 7), (200, 30, 30)).save(tmp_path / "second.png")
    return tmp_path / "second.png"


@pytest.fixture
def visited(board):
    return VisitedLayers(board.viewer.layers, Visibility(board.viewer.layers))


def test_the_next_image_takes_the_place_of_the_last_one(board, visited, picture):
    other = board.viewer.add_image(np.zeros((4, 4)), name="other")
    board.viewer.layers.move(board.viewer.layers.index(other), 0)
    place = visited.place_of(board.image)
    image = visited.open_image(read_image(picture), str(picture), "second", place)
    assert board.viewer.layers.index(image) == place == 1
    assert (image.name, image.source.path, image.rgb) == ("second", str(picture), True)


def test_an_image_that_is_gone_has_the_lowest_place_and_a_place_too_high_is_the_top(board, visited, picture):
    board.viewer.layers.remove(board.image)
    assert visited.place_of(board.image) == visited.place_of(None) == 0
    image = visited.open_image(read_image(picture), str(picture), "second", 99)
    assert board.viewer.layers[-1] is image


def test_layers_that_are_left_are_hidden_and_go_later_and_those_of_others_stay(board, visited):
    board.write(np.ones((12, 16), np.uint8))
    other = board.viewer.add_labels(np.zeros((12, 16), np.uint8), name="other")
    left = [layer for layer in board.viewer.layers if layer is not other]
    assert len(left) > 1
    visited.leave(board.image)
    assert not any(layer.visible for layer in left)
    assert all(layer in board.viewer.layers for layer in left)
    visited.remove_left()
    assert list(board.viewer.layers) == [other]
    assert other.visible


def test_no_class_counts_as_hidden_because_its_layer_was_left(board):
    visibility = Visibility(board.viewer.layers)
    visited = VisitedLayers(board.viewer.layers, visibility)
    board.write(np.ones((12, 16), np.uint8))
    visited.leave(board.image)
    assert visibility.hidden == frozenset()

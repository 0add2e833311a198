import numpy as np
import pytest
from napari.layers import Labels

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers.appearance import apply_classes, table_of
from napari_cliptrase.plugin.layers.combine_split import combine_class_layers, split_label_layer


@pytest.fixture
def film(make_board, halves):
    """Two moments: cat | dog, then dog | cat."""
    board = make_board(shape=(2, 12, 16, 3))
    board.write(halves, board.target((0,)))
    board.write(3 - halves, board.target((1,)))
    return board


@pytest.fixture
def empty_film(make_board):
    return make_board(shape=(2, 12, 16, 3))


def combine(board):
    return combine_class_layers(board.label_layers, board.image)


def split(board, source):
    return split_label_layer(board.label_layers, board.image, source)


def combined(board):
    return board.label_layers.combined_layer(board.image)


def content(board):
    return {class_id: layer.data.copy() for class_id, layer in board.label_layers.class_layers(board.image).items()}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[class_id], other[class_id]) for class_id in one)


def stroke(layer, place, value):
    layer.data_setitem(tuple(np.array([position]) for position in place), value)


def test_combined_and_split_again_the_layers_are_the_same_in_all_planes(film):
    before = content(film)
    combine(film)
    assert np.array_equal(combined(film).data, before[1] + before[2])
    for layer in film.label_layers.class_layers(film.image).values():
        film.viewer.layers.remove(layer)
    split(film, combined(film))
    assert same(content(film), before)


def test_where_layers_overlap_the_hand_edit_wins_and_the_pixels_are_counted(film):
    stroke(film.layer(2), (0, 3, 0), 2)
    run = combine(film)
    assert combined(film).data[0, 3, 0] == 2
    assert run.notes == ("1 pixels were in several class layers; hand edits won, then the higher layer.",)


def test_a_second_combine_updates_the_layer_that_is_there(film):
    combine(film)
    layer = combined(film)
    stroke(film.layer(1), (1, 0, 0), 1)
    combine(film)
    assert combined(film) == layer
    assert layer.data[1, 0, 0] == 1


@pytest.mark.parametrize("class_id", [1, 2])
def test_hand_edits_stay_hand_edits_when_they_are_combined_and_split(film, class_id):
    stroke(film.layer(class_id), (0, 3, 0), class_id)
    combine(film)
    edits = film.label_layers.history.edits(combined(film), film.target().geometry, (0,))
    assert np.argwhere(edits).tolist() == [[3, 0]]
    for layer in film.label_layers.class_layers(film.image).values():
        film.viewer.layers.remove(layer)
    split(film, combined(film))
    film.write(np.full((12, 16), 3 - class_id, np.uint8), film.target((0,)))
    assert film.layer(class_id).data[0, 3, 0] == class_id


def test_a_combine_is_undone_as_one_run(film):
    before = [*film.viewer.layers]
    combine(film)
    film.label_layers.undo_last_run()
    assert [*film.viewer.layers] == before


def test_any_label_layer_of_the_size_can_be_split(empty_film):
    labels = np.zeros((2, 12, 16), np.int32)
    labels[1, 2:4] = 7
    split(empty_film, empty_film.viewer.add_labels(labels))
    assert list(content(empty_film)) == [7]
    assert np.array_equal(empty_film.layer(7).data, labels)
    assert empty_film.layer(7).name == "class 7 · scene"


def test_the_names_of_a_split_layer_go_along(empty_film):
    source = empty_film.viewer.add_labels(np.full((2, 12, 16), 2, np.uint8))
    apply_classes(source, empty_film.table)
    split(empty_film, source)
    assert empty_film.layer(2).name == "dog · scene"
    assert table_of(empty_film.layer(2)).get(2) == empty_film.table.get(2)


def test_labels_of_somebody_else_count_as_hand_edits_after_a_split(empty_film):
    split(empty_film, empty_film.viewer.add_labels(np.full((2, 12, 16), 1, np.uint8)))
    empty_film.write(np.full((12, 16), 2, np.uint8), empty_film.target((0,)))
    assert (empty_film.layer(1).data == 1).all()


def test_a_split_is_undone_as_one_run(empty_film):
    source = empty_film.viewer.add_labels(np.tile(np.array([[1, 2, 3, 0]], np.uint8), (2, 12, 4)))
    split(empty_film, source)
    assert len(content(empty_film)) == 3
    empty_film.label_layers.undo_last_run()
    assert [layer for layer in empty_film.viewer.layers if isinstance(layer, Labels)] == [source]


def test_an_image_without_class_layers_has_nothing_to_combine(empty_film):
    with pytest.raises(CliptraseError, match="'scene' has no class layers to combine; run"):
        combine(empty_film)


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (np.ones((3, 3), np.uint8), "'mine' has another size than image 'scene'"),
        ([np.ones((2, 12, 16), np.uint8), np.ones((2, 6, 8), np.uint8)], "'mine' cannot be split"),
    ],
    ids=["another size", "several levels"],
)
def test_what_cannot_be_split_is_refused_in_words(empty_film, labels, match):
    source = empty_film.viewer.add_labels(labels, name="mine")
    with pytest.raises(CliptraseError, match=match):
        split(empty_film, source)
    assert content(empty_film) == {}

import numpy as np

from napari_cliptrase.plugin.layers.stored_layers import StoredLayers, split_annotation
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation

HAND, MODEL = np.uint8(Provenance.HAND), np.uint8(Provenance.MODEL)


def stored(shape=(12, 16)):
    labels, sources = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    labels[2:4], sources[2:4] = 2, HAND
    labels[6:8], sources[6:8] = 3, MODEL
    sources[10] = HAND  # made background by hand
    return Annotation(labels, sources)


def put(board, annotations, ids=(), **how):
    geometry = board.target(() if () in annotations else (0,)).geometry
    layers = StoredLayers(board.label_layers)
    return list(layers.put(board.image, geometry, split_annotation(annotations, ids, **how), board.table))


def test_each_class_with_pixels_gets_a_layer_and_the_wanted_one_in_any_case(board):
    put(board, {(): stored()}, ids=(1,))
    assert sorted(board.label_layers.class_layers(board.image)) == [1, 2, 3]
    np.testing.assert_array_equal(board.seen(), stored().labels)


def test_the_wanted_class_comes_first(board):
    layers = put(board, {(): stored()}, ids=(3,))
    assert [layer.selected_label for layer in layers] == [3, 2]


def test_what_people_decided_is_stated_and_what_a_model_wrote_is_not(board):
    put(board, {(): stored()}, ids=(1,))
    np.testing.assert_array_equal(board.label_layers.edited(board.target()), stored().sources == HAND)


def test_a_run_changes_what_a_model_wrote_and_nothing_else(board):
    put(board, {(): stored()}, ids=(1,))
    board.write(np.ones((12, 16), np.uint8))
    seen = board.seen()
    assert (seen[2:4] == 2).all()
    assert (seen[10] == 0).all()
    assert (seen[6:8] == 1).all()


def test_nothing_can_be_undone_in_fresh_layers(board):
    for layer in put(board, {(): stored()}, ids=(1,)):
        before = layer.data.copy()
        layer.undo()
        np.testing.assert_array_equal(layer.data, before)


def test_nobody_paints_on_layers_of_a_folder_that_is_open_for_reading(board):
    target = board.target()
    parts = split_annotation({(): stored()}, ())
    (first, *_) = StoredLayers(board.label_layers).put(board.image, target.geometry, parts, board.table, editable=False)
    assert not first.editable


def test_one_combined_layer_holds_all_classes(board):
    (layer,) = put(board, {(): stored()}, combined=True)
    np.testing.assert_array_equal(layer.data, stored().labels)
    np.testing.assert_array_equal(board.label_layers.edited(board.target()), stored().sources == HAND)


def test_planes_of_a_stack_keep_their_places(make_board):
    board = make_board((3, 12, 16), rgb=False)
    put(board, {(at,): stored() if at == 1 else Annotation.empty((12, 16)) for at in range(3)})
    assert board.seen(board.target((1,)))[2, 2] == 2
    assert not board.seen(board.target((0,))).any()


def test_a_class_without_a_layer_gets_an_empty_one_once(board):
    layers = StoredLayers(board.label_layers)
    geometry = board.target().geometry
    new = layers.ensure(board.image, geometry, board.table, 2, [()])
    assert not new.data.any()
    assert layers.ensure(board.image, geometry, board.table, 2, [()]) is new
    new.data_setitem((np.array([1]), np.array([1])), 2)
    assert board.label_layers.edited(board.target())[1, 1]

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.state.tags import TAGS_KEY, Role, tag_of


def names(board):
    return [layer.name for layer in board.viewer.layers]


def new_layer(board, class_id, table=None):
    table = table or board.table
    entry = table.get(class_id) if class_id is not None else None
    return board.label_layers.registry.make(board.image, board.target().geometry, table, entry)


def put(board, *class_ids):
    """Add new layers of classes, None for a combined one."""
    layers = [new_layer(board, class_id) for class_id in class_ids]
    for layer in layers:
        board.label_layers.registry.put(board.image, layer, board.table)
    return layers


def from_file(board, class_id=1, **entries):
    """Add a label layer as it comes back from a file."""
    raw = {"classes": board.table.to_json(), "class_id": class_id, "image_name": "scene", **entries}
    labels = np.zeros((12, 16), np.uint8)
    labels[:3] = class_id or 1
    return board.viewer.add_labels(labels, name="from a file", metadata={TAGS_KEY: raw})


# -- new layers


def test_a_new_layer_carries_names_colours_and_class_table(board):
    layer = new_layer(board, 2)
    assert layer.name == "dog · scene"
    assert layer.features["class"].tolist() == ["background", "cat", "dog", "cow"]
    assert np.allclose(layer.get_color(2)[:3], np.array(board.table.get(2).color) / 255)
    assert ClassTable.from_json(tag_of(layer).classes) == board.table
    assert layer.selected_label == 2


def test_a_new_layer_is_empty_and_lies_over_its_image(make_board):
    board = make_board(scale=(2.0, 0.5), translate=(7.0, -3.0), rotate=30)
    layer = new_layer(board, 1)
    assert layer.data.shape == (12, 16)
    assert not layer.data.any()
    assert np.allclose(layer.data_to_world((3, 5)), board.image.data_to_world((3, 5)))
    assert layer not in board.viewer.layers


def test_a_combined_layer_starts_with_the_first_class_in_its_brush(board):
    layer = new_layer(board, None)
    assert (layer.name, layer.selected_label, tag_of(layer).role) == ("classes · scene", 1, Role.COMBINED)


def test_more_than_255_classes_get_a_wider_type(board):
    board.table = ClassTable.from_names(*(f"class {i}" for i in range(300)))
    board.write(np.full((12, 16), 300, np.uint16))
    assert board.layer(300).data.dtype == np.uint16
    assert (board.layer(300).data == 300).all()


# -- their place in the list


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_class_layers_lie_in_the_order_of_the_table_whatever_comes_first(board, order):
    put(board, *order)
    assert names(board) == ["scene", "cow · scene", "dog · scene", "cat · scene"]


def test_a_combined_layer_lies_above_the_class_layers(board):
    put(board, None, 1, 2)
    assert names(board) == ["scene", "dog · scene", "cat · scene", "classes · scene"]


def test_layers_lie_above_their_image_and_below_what_lies_above_it(board):
    board.viewer.add_image(np.zeros((4, 4)), name="other")
    put(board, 1)
    assert names(board) == ["scene", "cat · scene", "other"]


def test_a_new_layer_keeps_the_selection_of_the_user(board):
    board.viewer.layers.selection.active = board.image
    put(board, 1)
    assert board.viewer.layers.selection.active == board.image


# -- finding them


def test_layers_are_found_by_class_whatever_they_are_called(board):
    cat, dog = put(board, 1, 2)
    cat.name = "my cats"
    assert board.label_layers.registry.class_layers(board.image) == {2: dog, 1: cat}
    assert board.label_layers.registry.combined_layer(board.image) is None


def test_layers_of_another_image_are_not_found(board):
    put(board, 1)
    other = board.viewer.add_image(np.zeros((12, 16)), name="other")
    assert board.label_layers.registry.class_layers(other) == {}


def test_a_duplicate_is_the_users(board):
    (cat,) = put(board, 1)
    board.viewer.layers.append(Labels(cat.data.copy(), metadata=dict(cat.metadata)))
    assert board.label_layers.registry.class_layers(board.image) == {1: cat}


def test_a_duplicate_is_left_alone_by_runs(board, halves):
    board.write(halves)
    copy = Labels(board.layer(1).data.copy(), metadata=dict(board.layer(1).metadata))
    board.viewer.layers.append(copy)
    board.write(3 - halves)
    assert np.array_equal(copy.data, np.where(halves == 1, 1, 0))


def test_the_table_has_each_class_of_the_layers_once(board):
    put(board, 1, 2)
    assert board.label_layers.registry.table(board.image) == board.table


def test_a_tag_leads_to_its_image_while_that_is_there(board):
    (cat,) = put(board, 1)
    assert board.label_layers.registry.image_of(tag_of(cat)) == board.image
    board.viewer.layers.remove(board.image)
    assert board.label_layers.registry.image_of(tag_of(cat)) is None


# -- layers that came back from files


def test_a_layer_from_a_file_is_taken_up(board):
    layer = from_file(board)
    assert board.label_layers.registry.adopt(board.image, board.target().geometry) == (layer,)
    assert board.layer(1) == layer
    assert board.label_layers.registry.adopt(board.image, board.target().geometry) == ()


def test_a_layer_from_a_file_is_never_overwritten(board, halves):
    raw = {"classes": board.table.to_json(), "class_id": 1, "image_name": "scene"}
    saved = Labels(np.where(halves == 1, 1, 0).astype(np.uint8), name="cat", metadata={TAGS_KEY: raw})
    board.viewer.layers.append(saved)
    board.write(np.full_like(halves, 2))
    assert board.layer(1) == saved
    assert np.array_equal(board.seen(), halves)


@pytest.mark.parametrize(
    "entries",
    [
        {"image_name": "another scene"},
        {"layer": "of another viewer"},
        {"role": Role.VOID},
        {"role": Role.OBJECTS},
    ],
    ids=["of another image", "a copy", "void pixels", "object numbers"],
)
def test_what_is_no_class_layer_of_the_image_is_not_taken_up(board, entries):
    from_file(board, **entries)
    assert board.label_layers.registry.adopt(board.image, board.target().geometry) == ()


def test_a_layer_of_another_shape_is_not_taken_up(board):
    layer = from_file(board)
    layer.data = np.zeros((3, 3), np.uint8)
    assert board.label_layers.registry.adopt(board.image, board.target().geometry) == ()


@pytest.mark.parametrize("class_id", [1, None])
def test_of_two_layers_for_one_purpose_the_one_that_is_there_stays(board, class_id):
    (mine,) = put(board, class_id)
    from_file(board, class_id=class_id)
    assert board.label_layers.registry.adopt(board.image, board.target().geometry) == ()
    assert mine in board.label_layers.label_layers(board.image)


def test_void_and_object_numbers_follow_the_classes_of_their_mask(board):
    from_file(board, mask="one mask")
    void = from_file(board, role=Role.VOID, mask="one mask")
    foreign = from_file(board, role=Role.VOID, mask="another mask")
    board.label_layers.registry.adopt(board.image, board.target().geometry)
    assert void.metadata[TAGS_KEY]["image"] == str(board.image.unique_id)
    assert "image" not in foreign.metadata[TAGS_KEY]


# -- changes of layers


def test_a_renamed_class_renames_its_layer_unless_the_user_did(board):
    cat, dog = put(board, 1, 2)
    dog.name = "my dogs"
    table = ClassTable.from_names("lion", "wolf", "cow")
    for layer in (cat, dog):
        board.label_layers.registry.update(layer, table)
    assert (cat.name, dog.name) == ("lion · scene", "my dogs")
    assert dog.features["class"].tolist() == ["background", "lion", "wolf", "cow"]


def test_a_layer_that_the_user_renamed_is_still_written(board, halves):
    board.write(halves)
    board.layer(1).name = "my cats"
    board.write(3 - halves)
    assert board.layer(1).name == "my cats"
    assert (board.layer(1).data[:, 8:] == 1).all()


def test_an_update_notes_the_run_and_keeps_what_it_is_not_told(board):
    (cat,) = put(board, 1)
    registry = board.label_layers.registry
    registry.update(cat, board.table, run=7, provenance={"": {"model": "demo"}})
    registry.update(cat, board.table)
    assert (tag_of(cat).run, tag_of(cat).provenance) == (7, {"": {"model": "demo"}})


def test_a_layer_that_is_released_is_the_users(board):
    (cat,) = put(board, 1)
    cat.metadata = {**cat.metadata, "mine": 5}
    board.label_layers.registry.release(cat)
    assert board.label_layers.registry.class_layers(board.image) == {}
    assert cat.metadata == {"mine": 5}
    board.label_layers.registry.update(cat, ClassTable.from_names("lion"))
    assert cat.name == "cat · scene"


@pytest.mark.parametrize("name", ["cat · scene", "my cats"])
def test_a_layer_gets_the_place_and_the_name_back_that_its_copy_had(board, name):
    (cat,) = put(board, 1)
    registry, copy = board.label_layers.registry, new_layer(board, 1)
    registry.release(cat)
    cat.name, cat.visible = "cat (before run 2)", False
    board.viewer.layers.append(copy)
    copy.name = name
    registry.restore(cat, copy)
    board.viewer.layers.remove(copy)
    assert board.layer(1) == cat
    assert (cat.name, cat.visible) == (name, True)
    registry.update(cat, ClassTable.from_names("lion", "dog", "cow"))
    assert cat.name == ("my cats" if name == "my cats" else "lion · scene")


def test_labels_lie_above_the_plugins_own_pictures(board):
    doubt = Image(np.zeros((12, 16)), name="doubt")
    doubt.metadata = {
        TAGS_KEY: {
            "role": "margin",
            "image": str(board.image.unique_id),
            "image_name": "scene",
            "layer": str(doubt.unique_id),
        }
    }
    board.viewer.layers.append(doubt)
    put(board, 1)
    assert names(board) == ["scene", "doubt", "cat · scene"]

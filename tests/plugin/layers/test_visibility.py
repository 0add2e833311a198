from napari_cliptrase.plugin.layers import Visibility


def drawn(layers):
    """Names of the layers that napari draws anew or whose eye moves, as they come."""
    told = []
    for layer in layers.values():
        layer.events.set_data.connect(lambda _event, layer=layer: told.append(layer.name))
        layer.events.visible.connect(lambda _event, layer=layer: told.append(layer.name))
        layer.events.metadata.connect(lambda _event, layer=layer: told.append(layer.name))
    return told


def test_closing_one_eye_leaves_the_other_layers_alone(board, halves):
    visibility = Visibility(board.viewer.layers)
    board.write(halves)
    layers = board.label_layers.class_layers(board.image)
    told = drawn(layers)
    visibility.hide(1, True)
    assert set(told) == {layers[1].name}
    assert not layers[1].visible
    told.clear()
    visibility.apply()
    assert told == []


def test_the_same_classes_again_draw_nothing(board, halves):
    board.write(halves)
    board.label_layers.apply_classes(board.table)
    told = drawn(board.label_layers.class_layers(board.image))
    board.label_layers.apply_classes(board.table)
    assert told == []

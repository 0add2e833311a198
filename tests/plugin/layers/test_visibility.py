from napari_cliptrase.plugin.layers import Visibility


def drawn(layers):
    """Names of the layers that napari draws again or whose eye moves, as they come."""
    reported = []
    for layer in layers.values():
        layer.events.set_data.connect(lambda _event, layer=layer: reported.append(layer.name))
        layer.events.visible.connect(lambda _event, layer=layer: reported.append(layer.name))
        layer.events.metadata.connect(lambda _event, layer=layer: reported.append(layer.name))
    return reported


def test_closing_one_eye_leaves_the_other_layers_alone(board, halves):
    visibility = Visibility(board.viewer.layers)
    board.write(halves)
    layers = board.label_layers.class_layers(board.image)
    reported = drawn(layers)
    visibility.hide(1, True)
    assert set(reported) == {layers[1].name}
    assert not layers[1].visible
    reported.clear()
    visibility.apply()
    assert reported == []


def test_the_same_classes_again_draw_nothing(board, halves):
    board.write(halves)
    board.label_layers.apply_classes(board.table)
    reported = drawn(board.label_layers.class_layers(board.image))
    board.label_layers.apply_classes(board.table)
    assert reported == []

"""Adding to and removing from napari's layer list without doing work again for each layer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from napari.components import LayerList
from napari.layers import Layer


@contextmanager
def selection_kept(layers: LayerList) -> Iterator[None]:
    """Keep what is selected while layers come and go.

    napari selects each layer that is added and shows its controls; for every one of many that is work for nothing.
    """
    selected = list(layers.selection)
    activated = getattr(layers, "_activate_on_insert", True)
    layers._activate_on_insert = False  # a napari that does not know it selects the layer, which is put right below
    try:
        yield
    finally:
        layers._activate_on_insert = activated
        remaining = [layer for layer in selected if layer in layers]
        if set(layers.selection) != set(remaining):
            layers.selection = remaining


def remove_together(layers: LayerList, gone: Sequence[Layer]) -> None:
    """Remove layers of a list at once: napari collects garbage and draws anew after each removal, or after them all."""
    if not gone:
        return
    with layers.batched_update():
        for layer in gone:
            layers.remove(layer)

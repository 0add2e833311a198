"""Adding to and removing from napari's layer list without selecting each layer."""

from collections.abc import Iterator
from contextlib import contextmanager

from napari.components import LayerList


@contextmanager
def selection_kept(layers: LayerList) -> Iterator[None]:
    """Keep what is selected while layers come and go.

    napari selects each layer that is added and shows its controls; for every one of many that is work for nothing.
    """
    selected = list(layers.selection)
    activated = getattr(layers, "_activate_on_insert", True)
    # a napari that does not know it selects the layer, which is put right below; there is no public switch
    layers._activate_on_insert = False  # noqa: SLF001
    try:
        yield
    finally:
        layers._activate_on_insert = activated  # noqa: SLF001
        remaining = [layer for layer in selected if layer in layers]
        if set(layers.selection) != set(remaining):
            layers.selection = remaining

"""Removing many layers without a pause for each.

napari collects garbage whenever a layer leaves, which takes as long as the whole program is large. For all layers but
the last, the objects that there are at the beginning are put aside, so that only the last one's collection is a whole
one; it finds what is left of all of them.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from napari.components import LayerList
from napari.layers import Layer


def remove_layers(viewer_layers: LayerList, layers: Iterable[Layer]) -> None:
    """Remove layers from the list; those that are not there are passed over."""
    there = [layer for layer in layers if layer in viewer_layers]
    with _garbage_put_aside():
        for layer in there[:-1]:
            viewer_layers.remove(layer)
    for layer in there[-1:]:
        viewer_layers.remove(layer)


@contextmanager
def _garbage_put_aside() -> Iterator[None]:
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

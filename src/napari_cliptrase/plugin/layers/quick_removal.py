"""Removing layers without a pause for each, and without a crash of the window.

napari collects garbage and then waits for the graphics whenever a layer leaves. That takes as long as the whole program
is large. Where the window is drawn in software (Mesa), it can also kill the process a little later: what the garbage
held on the graphics side is deleted at a moment when the drawing context of the canvas is not in use. So all objects
that there are at the beginning are put aside while layers leave, and garbage is collected once, afterwards: the
graphics side is then cleared in the next drawing. Without a window there is nothing to clear, and nothing is collected,
as in napari.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from napari import current_viewer
from napari.components import LayerList
from napari.layers import Layer


def remove_layers(viewer_layers: LayerList, layers: Iterable[Layer]) -> None:
    """Remove layers from the list; those that are not there are passed over."""
    there = [layer for layer in layers if layer in viewer_layers]
    if not there:
        return
    with _garbage_put_aside(), viewer_layers.batched_update():
        while there:
            viewer_layers.remove(there.pop(0))
    if current_viewer() is not None:
        gc.collect()


@contextmanager
def _garbage_put_aside() -> Iterator[None]:
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

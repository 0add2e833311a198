"""Labels that lie in a zarr on disk, as a layer to paint on.

The layer carries no tag: a run never writes into it, and has nothing to undo there, since each run over a large image
makes a zarr of its own.
"""

from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes
from napari_cliptrase.plugin.layers.placement import place_over
from napari_cliptrase.plugin.state.geometry import Target


def show_labels_on_disk(viewer: ViewerModel, target: Target, array: Any, table: ClassTable) -> Labels:
    """Add labels over the plane of their image; a layer that shows an earlier part of the same run goes.

    Parameters
    ----------
    target
        The image and the plane.
    array
        (H, W) zarr array of label values, as large as the plane.
    table
        Names and colours of the classes.
    """
    for layer in [layer for layer in viewer.layers if isinstance(layer, Labels)]:
        if getattr(layer.data, "store", None) is not None and layer.data.store == array.store:
            viewer.layers.remove(layer)
    place = place_over(target.geometry, target.plane, (0.0, 0.0))
    layer = viewer.add_labels(array, name=f"labels · {target.image_name}", **place)
    apply_classes(layer, table)
    return layer

"""Labels that lie in a zarr on disk, as a layer to paint on.

The layer carries no tag: a run never writes into it, and has nothing to undo there, since each run over a large image
makes a zarr of its own.
"""

from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes
from napari_cliptrase.plugin.layers.one_plane import OnePlane
from napari_cliptrase.plugin.layers.placement import place_over
from napari_cliptrase.plugin.state.geometry import Target


def show_labels_on_disk(viewer: ViewerModel, target: Target, array: Any, table: ClassTable) -> Labels:
    """Add labels over the plane of their image; a layer that shows an earlier part of the same run goes.

    Parameters
    ----------
    target
        The image and the plane.
    array
        (H, W) zarr array of label values, as large as the plane; over a stack it lies on its plane.
    table
        Names and colours of the classes.
    """
    for layer in [layer for layer in viewer.layers if isinstance(layer, Labels)]:
        if getattr(layer.data, "store", None) is not None and layer.data.store == array.store:
            viewer.layers.remove(layer)
    place = place_over(target.geometry, target.plane, (0.0, 0.0))
    geometry = target.geometry
    data = array if len(geometry.shape) == 2 else OnePlane(array, len(geometry.shape), geometry.rows, geometry.columns)
    layer = viewer.add_labels(data, name=f"labels · {target.image_name}{_where(target)}", **place)
    apply_classes(layer, table)
    return layer


def _where(target: Target) -> str:
    """Say which plane it is, where there are several."""
    sizes = [target.geometry.shape[axis] for axis in target.geometry.plane_axes]
    planes = [str(number) for number, size in zip(target.plane, sizes, strict=True) if size > 1]
    return f" · plane {', '.join(planes)}" if planes else ""

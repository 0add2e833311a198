"""A temporary picture over an image: the highlight under the cursor, a heat map, a preview."""

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray

from napari_cliptrase.plugin.layers.placement import lifted
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import Role, Tag, set_tag


class OverlayLayer:
    """An image layer on top of the list that is made when it is first shown and never becomes the active layer.

    The tag of the layer marks it as the plugin's, so that no list of images or of masks offers it.
    """

    def __init__(self, viewer: ViewerModel, name: str, **appearance: Any) -> None:
        """``appearance`` are further keyword arguments of the image layer, such as opacity or interpolation2d."""
        self._viewer = viewer
        self._name = name
        self._appearance = appearance
        self._layer: Image | None = None

    @property
    def layer(self) -> Image | None:
        """The layer while it is in the list."""
        if self._layer is not None and self._layer not in self._viewer.layers:
            self._layer = None
        return self._layer

    def show(self, target: Target, picture: NDArray[Any], place: dict[str, Any]) -> Image:
        """Show (h, w) values or (h, w, 4) uint8 colours of ``target``'s image at ``place`` (see `overlays`)."""
        data = lifted(picture, target.geometry)
        colored = picture.ndim == 3
        layer = self.layer
        if layer is not None and (layer.rgb is not colored or layer.ndim != len(target.geometry.shape)):
            self.remove()
            layer = None
        if layer is None:
            layer = self._made(target, data, colored, place)
        else:
            layer.data = data
            if not colored:
                layer.contrast_limits_range = layer.contrast_limits = _limits(data)
            _move(layer, place)
        layer.visible = True
        return layer

    def hide(self) -> None:
        """Take the picture off the screen but keep its layer."""
        layer = self.layer
        if layer is not None:
            layer.visible = False

    def remove(self) -> None:
        """Take the layer out of the list."""
        layer = self.layer
        self._layer = None
        if layer is not None:
            self._viewer.layers.remove(layer)

    def _made(self, target: Target, data: NDArray[Any], colored: bool, place: dict[str, Any]) -> Image:
        appearance = dict(self._appearance)
        if not colored:
            appearance.setdefault("contrast_limits", _limits(data))
        layer = Image(data, name=self._name, rgb=colored, **appearance, **place)
        set_tag(layer, Tag(Role.PREVIEW, str(target.image_id), target.image_name, str(layer.unique_id)))
        selected = list(self._viewer.layers.selection)
        self._viewer.layers.append(layer)
        self._viewer.layers.selection = selected
        self._layer = layer
        return layer


def _move(layer: Image, place: dict[str, Any]) -> None:
    """Set what differs only, since napari slices the layer again at every assignment."""
    for name in ("scale", "translate", "rotate", "shear", "affine", "units"):
        old, new = getattr(layer, name), place[name]
        if not np.array_equal(np.asarray(old), np.asarray(new)):
            setattr(layer, name, new)


def _limits(data: NDArray[Any]) -> tuple[float, float]:
    low, high = float(np.nanmin(data)), float(np.nanmax(data))
    return (low, high) if high > low else (low, low + 1)

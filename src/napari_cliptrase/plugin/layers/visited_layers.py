"""The layers of images that are opened one after the other: the next image comes before the last one goes."""

from napari.components import LayerList
from napari.layers import Image, Layer

from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.plugin.layers.file_image import image_layer
from napari_cliptrase.plugin.layers.quick_removal import remove_layers
from napari_cliptrase.plugin.layers.visibility import Visibility
from napari_cliptrase.plugin.state.tags import plugin_layers


class VisitedLayers:
    """Adds the layer of an image, and removes what belongs to an image that was left."""

    def __init__(self, viewer_layers: LayerList, visibility: Visibility) -> None:
        self._list = viewer_layers
        self._visibility = visibility
        self._left: list[Layer] = []

    def place_of(self, image: Image | None) -> int:
        """Return the place of an image in the layer list; the lowest one when it is not there."""
        return self._list.index(image) if image is not None and image in self._list else 0

    def open_image(self, image: ImageFile, path: str, name: str, place: int) -> Image:
        """Add the layer of an image that was read from ``path``, at a place of the layer list."""
        layer = image_layer(image, path, name)
        self._list.insert(min(place, len(self._list)), layer)
        return layer

    def leave(self, image: Image) -> None:
        """Hide an image and its label layers, which `remove_left` removes; no class counts as hidden by that."""
        left = [*plugin_layers(self._list, image.unique_id), *([image] if image in self._list else [])]
        with self._visibility.paused():
            for layer in left:
                layer.visible = False
        self._left.extend(left)

    def remove_left(self) -> None:
        """Remove the layers of all images that were left."""
        left, self._left = self._left, []
        remove_layers(self._list, left)

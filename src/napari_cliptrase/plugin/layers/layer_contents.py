"""What the label layers of an image hold at this moment."""

from collections.abc import Callable, Iterable

import numpy as np
from napari.components import LayerList
from napari.layers import Image, Labels

from napari_cliptrase.array_types import Mask
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_registry import LayerRegistry
from napari_cliptrase.plugin.layers.plane_merge import Content
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import class_of


class LayerContents:
    """Reads layers; changes none."""

    def __init__(
        self,
        viewer_layers: LayerList,
        version_of: Callable[[Image], int],
        registry: LayerRegistry,
        history: History,
    ) -> None:
        self._list = viewer_layers
        self._version_of = version_of
        self._registry = registry
        self._history = history

    def image(self, target: Target) -> Image:
        """Return the image of a target; raises an error with a sentence when it was removed or changed."""
        for layer in self._list:
            if isinstance(layer, Image) and layer.unique_id == target.image_id:
                if self._version_of(layer) != target.version:
                    raise CliptraseError(
                        f"Image {layer.name!r} has changed meanwhile; the result was dropped. Run again."
                    )
                return layer
        raise CliptraseError(f"Image {target.image_name!r} was removed meanwhile; the result was dropped.")

    def label_layers(self, image: Image) -> list[Labels]:
        """Class layers of an image, bottom first, and the combined one."""
        combined = self._registry.combined_layer(image)
        return [*self._registry.class_layers(image).values(), *((combined,) if combined is not None else ())]

    def fitting_layers(self, image: Image, target: Target) -> list[Labels]:
        """Those that have the target's shape."""
        return [layer for layer in self.label_layers(image) if target.geometry.fits(layer)]

    def of(self, layers: Iterable[Labels], target: Target) -> list[Content]:
        """Labels and hand edits of the target's plane in each layer."""
        contents = []
        for layer in layers:
            labels = target.geometry.plane_of(layer.data, target.plane)
            contents.append(Content(labels, self._history.edits(layer, target.geometry, target.plane), class_of(layer)))
        return contents

    def edited(self, target: Target) -> Mask:
        """(h, w) pixels of the target's box that a person stated in any label layer."""
        edited = np.zeros(target.geometry.plane_shape, bool)
        for layer in self.fitting_layers(self.image(target), target):
            edited |= self._history.edits(layer, target.geometry, target.plane)
        return edited[target.box]

    def areas(self, target: Target) -> dict[int, float]:
        """Share of the target's box that each class holds in the label layers as they are now; 0 is the rest."""
        image = self.image(target)
        pixels = target.shape[0] * target.shape[1]
        counts: dict[int, int] = {}
        for class_id, layer in self._registry.class_layers(image).items():
            if target.geometry.fits(layer):
                counts[class_id] = int(np.count_nonzero(target.geometry.plane_of(layer.data, target.plane)[target.box]))
        combined = self._registry.combined_layer(image)
        if not counts and combined is not None and target.geometry.fits(combined):
            found = np.bincount(target.geometry.plane_of(combined.data, target.plane)[target.box].ravel())
            counts = {class_id: int(found[class_id]) for class_id in (np.flatnonzero(found[1:]) + 1).tolist()}
        counts[0] = max(0, pixels - sum(counts.values()))
        return {class_id: count / pixels for class_id, count in counts.items()}

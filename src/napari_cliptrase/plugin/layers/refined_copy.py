"""The refined copy of a label layer that the plugin did not make, since its hand edits are unknown."""

import numpy as np
from napari.components import LayerList
from napari.layers import Labels

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.plugin.state.geometry import Target


class RefinedCopy:
    """Puts a refined copy above a layer, which it hides; the last copy can be taken away again."""

    def __init__(self, viewer_layers: LayerList) -> None:
        self._list = viewer_layers
        self._copy: Labels | None = None

    @property
    def is_there(self) -> bool:
        """Whether the last copy is in the viewer."""
        return self._copy is not None and self._copy in self._list

    def put(self, layer: Labels, target: Target, labels: LabelArray) -> Labels:
        """Add a copy of a layer that has other labels, (h, w) integers, in the plane of a target."""
        data = np.array(layer.data)
        target.geometry.plane_of(data, target.plane)[...] = labels
        copy = Labels(
            data,
            name=f"{layer.name} (refined)",
            opacity=layer.opacity,
            colormap=layer.colormap,
            features=layer.features,
            **target.geometry.place,
        )
        self._list.insert(self._list.index(layer) + 1, copy)
        layer.visible = False
        self._copy = copy
        return copy

    def remove(self) -> None:
        """Take the last copy away; the layer that it was made of stays hidden."""
        if self._copy is not None and self._copy in self._list:
            self._list.remove(self._copy)
        self._copy = None

"""What a person chose for painting, and finds again in the layer of another class or of the next image."""

from dataclasses import dataclass
from typing import Any, Self

from napari.components import LayerList
from napari.layers import Labels

_CHOICES = ("brush_size", "contiguous", "n_edit_dimensions", "preserve_labels", "mode")


@dataclass(frozen=True)
class Brush:
    """The tool of a label layer, and how it paints; empty where no label layer was selected."""

    choices: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def in_use(cls, viewer_layers: LayerList) -> Self:
        """Return what the selected layer is painted with."""
        layer = viewer_layers.selection.active
        return cls(tuple((name, getattr(layer, name)) for name in _CHOICES) if isinstance(layer, Labels) else ())

    def take_to(self, viewer_layers: LayerList, layer: Labels, label: int | None) -> None:
        """Select a layer and paint on it with this brush; ``label``, if any, is what it paints."""
        viewer_layers.selection.active = layer
        if label is not None:
            layer.selected_label = label
        for name, value in self.choices:
            setattr(layer, name, value)

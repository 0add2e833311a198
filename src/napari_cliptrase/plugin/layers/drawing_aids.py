"""What napari draws for a tool of a label layer (the polygon, the stroke) is made when the tool is first chosen.

napari makes it with every label layer, which takes as long as the rest of the layer, and most layers are never drawn in
with these tools. Its overlays are made on the screen when they become visible, so they stay hidden until then.
"""

from typing import Any

from napari.layers import Labels

_OVERLAYS = {"polygon": "polygon", "paint": "brush_stroke"}
"""The mode of a layer, and the name of the overlay that is drawn in it."""


def defer_drawing_aids(layer: Labels) -> None:
    """Hide the overlays of a layer that is not in a viewer yet, until their tools are chosen."""
    overlays = getattr(layer, "_overlays", {})  # a napari that keeps them elsewhere makes them at once
    hidden = {mode: overlays[name] for mode, name in _OVERLAYS.items() if name in overlays and layer.mode != mode}
    for overlay in hidden.values():
        overlay.visible = False

    def show(event: Any) -> None:
        overlay = hidden.pop(event.mode, None)
        if overlay is not None:
            overlay.visible = True
            event.source.events.affine()  # napari places what is drawn on a layer when the layer moves

    layer.events.mode.connect(show)

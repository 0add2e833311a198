"""Shows a label layer that is hidden when somebody wants to paint on it.

napari gives a hidden layer no brush, and says nothing: the key of a tool does nothing, and a stroke moves the view. A
tool of ours would change pixels that nobody sees. So the layer is shown at the first of these: the key, the stroke with
the tool that the layer had before it was hidden, the region or the mask that is given to its class.
"""

from typing import Any, Final

from napari.layers import Labels
from napari.utils.notifications import show_info
from qtpy.QtCore import QTimer

from napari_cliptrase.plugin.layers import LabelLayers, Run, Visibility
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.state.tags import Role, class_of, tag_of

PAINTING_MODES: Final = frozenset({"paint", "erase", "fill", "polygon"})
"""Modes of a label layer in which a press on the canvas changes pixels."""
RESTING: Final = "pan_zoom"
ASK_FOR_MODE: Final = "_mode_setter_helper"
"""Where napari decides whether a layer gets the mode that was asked for. Without it, only strokes are noticed."""


class HiddenLayers:
    """Watches the label layers of ours in a viewer."""

    def __init__(self, session: Session, label_layers: LabelLayers, visibility: Visibility) -> None:
        self._session = session
        self._visibility = visibility
        self._tools: dict[Any, str] = {}
        """The mode that each layer was last asked to have, also while it was hidden."""
        self._just_hidden: set[Any] = set()
        """Layers that were hidden in this turn of the event loop."""
        viewer = session.viewer
        for layer in viewer.layers:
            self._follow(layer)
        viewer.layers.events.inserted.connect(lambda event: self._follow(event.value))
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.mouse_drag_callbacks.append(self._on_press)
        label_layers.written.connect(self._on_written)

    def _follow(self, layer: Any) -> None:
        if not isinstance(layer, Labels):
            return
        self._tools[layer.unique_id] = str(layer.mode)
        layer.events.mode.connect(self._on_mode)
        original = getattr(layer, ASK_FOR_MODE, None)
        if original is not None:
            setattr(layer, ASK_FOR_MODE, lambda mode: self._on_mode_request(layer, original, mode))

    def _on_removed(self, event: Any) -> None:
        layer = event.value
        if self._tools.pop(layer.unique_id, None) is not None:
            layer.events.mode.disconnect(self._on_mode)
            vars(layer).pop(ASK_FOR_MODE, None)

    # -- the key of a tool --------------------------------------------------------------------------------------------

    def _on_mode_request(self, layer: Labels, original: Any, mode: Any) -> Any:
        if not layer.visible and str(layer.mode) != RESTING:
            # just hidden; the buttons of the window ask for the resting mode once more, which nobody wants
            self._just_hidden.add(layer.unique_id)
            QTimer.singleShot(0, lambda: self._just_hidden.discard(layer.unique_id))
        elif not layer.visible and (layer.unique_id not in self._just_hidden or str(mode) in PAINTING_MODES):
            self._tools[layer.unique_id] = str(mode)
            if str(mode) in PAINTING_MODES:
                self._show_for_painting(layer)
        return original(mode)

    def _on_mode(self, event: Any) -> None:
        if event.source.visible:
            self._tools[event.source.unique_id] = str(event.source.mode)

    # -- a stroke, a region, a mask -----------------------------------------------------------------------------------

    def _on_press(self, _viewer: Any, event: Any) -> None:
        layer = self._session.viewer.layers.selection.active
        tool = self._tools.get(layer.unique_id) if isinstance(layer, Labels) else None
        if event.button == 1 and tool in PAINTING_MODES:
            self._show_for_painting(layer)
            if str(layer.mode) != tool:  # napari forgets the tool of a layer that is hidden twice
                layer.mode = tool

    def _on_written(self, run: Run) -> None:
        """Show the class that a region or a mask was given to."""
        active = self._session.active_class
        for layer in run.layers if run.by_hand else ():
            if active is not None and class_of(layer) in (active, None):
                self._show(layer, active)

    def _show_for_painting(self, layer: Labels) -> None:
        tag = tag_of(layer)
        if tag is None or self._session.viewer.layers.selection.active is not layer:
            return
        if tag.role is Role.CLASS:
            self._show(layer, tag.class_id)
        elif tag.role is Role.COMBINED:
            self._show(layer, layer.selected_label)

    def _show(self, layer: Labels, class_id: int | None) -> None:
        """Show a layer, and in a combined one the class; say so when that was hidden."""
        if class_id is None or (layer.visible and self._visibility.shows(class_id)):
            return
        solo = self._visibility.solo
        self._visibility.reveal(class_id)
        layer.visible = True
        ended = "" if solo in (None, class_id) else " Solo is off."
        show_info(f"{self._name(layer, class_id)} was hidden; now it is shown, so that you see what you paint.{ended}")

    def _name(self, layer: Labels, class_id: int) -> str:
        if class_of(layer) is not None:
            return f"Layer {layer.name!r}"
        entry = self._session.prompts.table().get(class_id)
        return f"Class {entry.name if entry is not None else class_id!r}"

"""Keeps the active class and the selected layer in step, both ways."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from napari.layers import Labels, Layer
from qtpy.QtCore import QTimer

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.state.tags import Role, tag_of


class ClassSelection:
    """Selects the layer of a class that becomes active, and makes the class of a layer active that the user selects.

    napari also selects layers by itself, when one is added or removed. The user did not ask for that, so the selection
    is evaluated a moment later.
    """

    def __init__(self, session: Session, label_layers: LabelLayers) -> None:
        self._session = session
        self._label_layers = label_layers
        self._selected_here: UUID | None = None
        """The layer that was selected here."""
        self._list_changed = False
        self._changes = 0
        """Of the selection, that were not looked at yet."""
        self.brush_layer: Labels | None = None
        """A layer that strokes go to in place of that of the class, for as long as a tool wants it."""
        self.following = False
        """Whether a class becomes active just now because its layer was selected."""
        layers = session.viewer.layers
        session.active_changed.connect(self.show)
        layers.selection.events.active.connect(self._on_layer)
        layers.events.inserted.connect(self._on_list)
        layers.events.removed.connect(self._on_list)

    @property
    def idle(self) -> bool:
        """Whether every change of the selected layer has had its effect."""
        return self._changes == 0

    def show(self, _class_id: int | None = None) -> None:
        """Make the layer of the active class the one to paint on, with its label in the brush."""
        session = self._session
        image, active = session.image, session.active_class
        if image is None or active is None:
            return
        layer = (
            self.brush_layer
            or self._label_layers.class_layers(image).get(active)
            or self._label_layers.combined_layer(image)
        )
        if layer is not None:
            layer.selected_label = active
            self._select(layer)

    def show_after_writing(self) -> None:
        """Select the layer of the active class, unless the user is at work in a layer of somebody else."""
        active = self._session.viewer.layers.selection.active
        tag = tag_of(active) if active is not None else None
        if active is None or active is self._session.image or (tag is not None and tag.role is not Role.PREVIEW):
            self.show()

    def show_change(self, layers: Sequence[Labels]) -> None:
        """Select a layer that a tool has just changed, so that Ctrl+Z takes that change back; the class stays."""
        session = self._session
        own = (
            self._label_layers.class_layers(session.image).get(session.active_class or 0)
            if session.image is not None
            else None
        )
        if own in layers:
            self.show()
        elif layers and session.viewer.layers.selection.active not in layers:
            self._select(layers[-1])

    def _select(self, layer: Layer) -> None:
        self._selected_here = layer.unique_id
        self._session.viewer.layers.selection.active = layer

    def _on_list(self, _event: Any) -> None:
        self._list_changed = True
        self._on_layer()

    def _on_layer(self, _event: Any = None) -> None:
        self._changes += 1
        QTimer.singleShot(0, self._follow)

    def _follow(self) -> None:
        """Follow the layer list: the class of the selected layer becomes the one to paint."""
        session = self._session
        self._changes -= 1
        list_changed, self._list_changed = self._list_changed, False
        try:
            layer = session.viewer.layers.selection.active
        except CliptraseError:
            return
        if layer is None or layer.unique_id == self._selected_here or list_changed:
            return
        self._selected_here = None
        tag = tag_of(layer)
        if tag is None or tag.role is not Role.CLASS or session.image is None:
            return
        if tag.image == str(session.image.unique_id) and tag.class_id in session.prompts.ids:
            self.following = True
            try:
                session.active_class = tag.class_id
            finally:
                self.following = False

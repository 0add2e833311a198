"""Which classes are shown: eyes and solo of the class table, in step with the eyes of the layer list."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from napari.components import LayerList
from napari.layers import Labels
from psygnal import Signal

from napari_cliptrase.plugin.layers.appearance import apply_classes, table_of
from napari_cliptrase.plugin.state.tags import Role, class_of, plugin_layers, tag_of


class Visibility:
    """Shows and hides classes in all label layers of the plugin; ``changed()`` when ``hidden`` or ``solo`` changes."""

    changed = Signal()

    def __init__(self, layers: LayerList) -> None:
        self._layers = layers
        self._hidden: frozenset[int] = frozenset()
        self._solo: int | None = None
        self._applying = False
        for layer in layers:
            self._follow(layer)
        layers.events.inserted.connect(self._on_inserted)
        layers.events.removed.connect(self._on_removed)

    @property
    def hidden(self) -> frozenset[int]:
        """Ids of classes whose eye is closed."""
        return self._hidden

    @property
    def solo(self) -> int | None:
        """The class that alone is shown, if any."""
        return self._solo

    def shows(self, class_id: int) -> bool:
        """Whether a class is on the screen."""
        return class_id not in self._hidden if self._solo is None else class_id == self._solo

    def hide(self, class_id: int, hidden: bool) -> None:
        """Close or open the eye of a class."""
        self._set(self._hidden | {class_id} if hidden else self._hidden - {class_id}, self._solo)

    def set_solo(self, class_id: int | None) -> None:
        """Show one class alone, or (None) end that."""
        self._set(self._hidden, class_id)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not follow the layers for a while: some are hidden that are about to go, and their classes stay shown."""
        self._applying = True
        try:
            yield
        finally:
            self._applying = False

    def reveal(self, class_id: int) -> None:
        """Show a class whatever hides it: open its eye, and end the solo of another one."""
        self._set(self._hidden - {class_id}, self._solo if self._solo == class_id else None)

    def apply(self) -> None:
        """Bring all label layers in line, after new ones came."""
        self._applying = True
        try:
            for layer in plugin_layers(self._layers):
                if isinstance(layer, Labels):
                    self._apply_to(layer)
        finally:
            self._applying = False

    def _set(self, hidden: frozenset[int], solo: int | None) -> None:
        if (hidden, solo) != (self._hidden, self._solo):
            self._hidden, self._solo = frozenset(hidden), solo
            self.apply()
            self.changed.emit()

    def _apply_to(self, layer: Labels) -> None:
        class_id = class_of(layer)
        if class_id is not None:
            if layer.visible is not self.shows(class_id):  # napari redraws a layer at every assignment
                layer.visible = self.shows(class_id)
            return
        table = table_of(layer)
        if table is not None:
            apply_classes(layer, table, frozenset(entry.id for entry in table if not self.shows(entry.id)))

    def _follow(self, layer: Any) -> None:
        if isinstance(layer, Labels):
            layer.events.visible.connect(self._on_visible)

    def _on_inserted(self, event: Any) -> None:
        self._follow(event.value)
        tag = tag_of(event.value)
        if tag is not None and tag.role in (Role.CLASS, Role.COMBINED):
            self._applying = True
            try:
                self._apply_to(event.value)
            finally:
                self._applying = False

    def _on_removed(self, event: Any) -> None:
        if isinstance(event.value, Labels):
            event.value.events.visible.disconnect(self._on_visible)

    def _on_visible(self, event: Any) -> None:
        """Follow the eye in the layer list."""
        layer = event.source
        class_id = class_of(layer)
        if self._applying or class_id is None or self._solo is not None:
            return
        hidden = self._hidden - {class_id} if layer.visible else self._hidden | {class_id}
        if hidden != self._hidden:
            self._hidden = hidden
            self.changed.emit()

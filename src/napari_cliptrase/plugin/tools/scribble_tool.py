"""Scribble mode: napari's brush draws examples instead of labels, and the classes follow.

The marks lie in a layer of their own, with napari's brush, eraser and undo. While the tool is on, that layer takes the
place of the class layers: a class that is chosen in the table becomes the colour of the brush. Marks stay with their
image when the tool ends, and are there again when the image is.
"""

from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.notifications import show_info
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.array_types import Mask
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers.appearance import label_dtype
from napari_cliptrase.plugin.layers.scribble_layer import ScribbleLayer
from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.class_selection import ClassSelection


class ScribbleTool:
    """Draws examples; ``toggled(on)`` when it starts and ends, ``marked()`` when there are other marks."""

    toggled = Signal(bool)
    marked = Signal()

    def __init__(self, session: Session, learner: EditLearner, selection: ClassSelection) -> None:
        self._session = session
        self._learner = learner
        self._selection = selection
        self._marks = ScribbleLayer(session.viewer.layers)
        self._shown: Encoded | None = None
        self._changing = False
        self.on = False
        self._marks.changed.connect(self._keep)
        session.encoded_changed.connect(self._show)
        session.prompts_changed.connect(self._on_prompts)
        layers = session.viewer.layers
        layers.selection.events.active.connect(self._on_selected)
        layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Labels | None:
        """The layer of the marks while it is in the list."""
        return self._marks.layer

    @property
    def any_marks(self) -> bool:
        """Whether the shown image has marks."""
        return self._shown is not None and self._session.scribbles.marks(self._image(self._shown)) is not None

    def set_on(self, on: bool) -> None:
        """Start or end the tool."""
        if on is self.on:
            return
        if on and self._session.encoded is None:
            show_info("Press Run first: examples are compared with what the model sees in the image.")
            self.toggled.emit(False)
            return
        self.on = on
        if on:
            self._learner.switch(True)
            if self._session.active_class is None and self._session.prompts.classes:
                self._session.active_class = self._session.prompts.ids[0]
        self._show()
        if not on:
            self._selection.show()
        self.toggled.emit(on)

    def mark(self, class_id: int, where: Mask) -> None:
        """Make pixels (h, w) of the shown box examples of a class, in a step that undo takes back."""
        if self._session.encoded is None:
            return
        if self.layer is None:
            self._open(self._session.encoded)
        self._marks.mark(class_id, where)

    def clear(self) -> None:
        """Take away all marks of the shown image; Ctrl+Z in their layer brings them back."""
        marks = self._marks.marks
        if marks is not None:
            self._marks.mark(0, np.asarray(marks != 0))

    # -- the layer ----------------------------------------------------------------------------------------------------

    def _show(self, _encoded: Any = None) -> None:
        """Show the marks of the encoded image, if there are any or the tool is on."""
        encoded, scribbles = self._session.encoded, self._session.scribbles
        if scribbles.empty and not self.on and self._shown is None:
            return
        same = (
            encoded is not None
            and self._shown is not None
            and self._image(encoded) == self._image(self._shown)
            and encoded.source.target == self._shown.source.target
        )
        if encoded is None or not (self.on or scribbles.marks(self._image(encoded)) is not None):
            self._close()
            return
        if not same or self.layer is None:
            self._open(encoded)
        if self.on:
            self._take_brush()

    def _open(self, encoded: Encoded) -> None:
        self._changing = True
        try:
            marks = self._session.scribbles.marks(self._image(encoded))
            self._marks.open(encoded.source.target, marks, self._session.prompts.table())
            self._shown = encoded
        finally:
            self._changing = False

    def _close(self) -> None:
        self._changing = True
        try:
            self._marks.close()
            self._shown = None
            self._selection.brush_layer = None
        finally:
            self._changing = False
        if self.on and self._session.encoded is None:
            self.on = False
            self.toggled.emit(False)

    def _take_brush(self) -> None:
        layer = self.layer
        if layer is not None:
            self._selection.brush_layer = layer
            self._selection.show()
            layer.mode = "paint"

    # -- what happens -------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Keep the marks with the session; the learner hears of it there."""
        marks = self._marks.marks
        if self._shown is not None and marks is not None:
            self._session.scribbles.put(self._image(self._shown), marks)
            self.marked.emit()

    def _on_prompts(self, prompts: PromptSet) -> None:
        table = prompts.table()
        self._marks.show_classes(table)
        if self.layer is not None and self._shown is not None and not np.can_cast(label_dtype(table), self.layer.dtype):
            self._open(self._shown)  # an id that the layer could not hold
            if self.on:
                self._take_brush()

    def _on_selected(self, _event: Any = None) -> None:
        """The user left for another layer; known a moment later, when all listeners have handled the change."""
        if self.on and not self._changing:
            QTimer.singleShot(0, self._check_left)

    def _check_left(self) -> None:
        layer = self.layer
        if self.on and layer is not None and self._session.viewer.layers.selection.active is not layer:
            self._end_quietly()

    def _end_quietly(self) -> None:
        """End, and let the user have the layer that they chose."""
        self.on = False
        self._selection.brush_layer = None
        if not self.any_marks:
            self._close()
        self.toggled.emit(False)

    def _on_removed(self, event: Any) -> None:
        """The layer left: with its image, or since the user removed it, which is known a moment later."""
        if not self._changing and self._shown is not None and self.layer is None and isinstance(event.value, Labels):
            QTimer.singleShot(0, self._check_removed)

    def _check_removed(self) -> None:
        """Forget a layer that has left; its marks are removed, too, if the user removed it and not the image."""
        shown = self._shown
        if shown is None or self.layer is not None:
            return
        self._close()
        if self.on:
            self._end_quietly()
        if any(image.unique_id == shown.source.target.image_id for image in self._session.images):
            self._session.scribbles.put(self._image(shown), None)
            self.marked.emit()

    @staticmethod
    def _image(encoded: Encoded) -> str:
        return encoded.encoding.image_sha256

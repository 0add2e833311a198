"""Find all like this: a region or a mask becomes an example, and everything alike in the image is shown.

A click on the highlighted region makes it an example of the active class, with Shift of a new class without text. With
Ctrl the piece of the labels under the cursor is the example. The example is a scribble: it is seen, can be taken back
and is kept with the image. Nothing is written before it is accepted.
"""

from collections.abc import Collection
from itertools import count
from typing import Any

import numpy as np
from napari.utils.notifications import show_info, show_warning
from scipy.ndimage import label

from napari_cliptrase.array_types import Mask
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.region_pointer import RegionPointer, pixel_at
from napari_cliptrase.plugin.tools.scribble_tool import ScribbleTool


class AlikeTool(RegionPointer):
    """Makes examples of regions and masks."""

    def __init__(
        self,
        session: Session,
        label_layers: LabelLayers,
        jobs: Jobs,
        learner: EditLearner,
        scribbles: ScribbleTool,
    ) -> None:
        super().__init__(session, jobs)
        self._label_layers = label_layers
        self._learner = learner
        self._scribbles = scribbles

    def take(self, world: Any, modifiers: Collection[str]) -> None:
        """Make what lies at a world position an example, of a new class with Shift."""
        encoded, session = self._session.encoded, self._session
        if encoded is None:
            return
        where = self._piece(encoded, world) if "Control" in modifiers else self.mask_at(world)
        if where is None:
            return
        if "Shift" in modifiers:
            session.prompts = with_nameless(session.prompts, self._label_layers.ids_in_use())
            session.active_class = session.prompts.ids[-1]
        if session.active_class is None:
            show_info("Select a class in the table, or hold Shift to make a new one: the region is its example.")
            return
        self._learner.switch(True)
        self._learner.find_alike(session.active_class)
        self._scribbles.mark(session.active_class, where)

    def _piece(self, encoded: Encoded, world: Any) -> Mask | None:
        """(h, w) the connected piece of the label layers under the cursor."""
        target = encoded.source.target
        pixel = pixel_at(target, world)
        if pixel is None or not all(0 <= at < size for at, size in zip(pixel, target.shape, strict=True)):
            return None
        try:
            labels, _ = self._label_layers.combined(target)
        except CliptraseError as error:
            show_warning(str(error))
            return None
        if not labels[pixel]:
            show_info("There is no mask under the cursor.")
            return None
        pieces, _ = label(labels == labels[pixel])
        return np.asarray(pieces == pieces[pixel])


def with_nameless(prompts: PromptSet, taken: Collection[int]) -> PromptSet:
    """Return a set with one more class, without text; ``taken`` are ids that it must not get."""
    known = {entry.name.casefold() for entry in prompts}
    name = next(name for number in count(1) if (name := f"thing {number}") not in known)
    return prompts.added(name, text=False, class_id=max((*prompts.ids, *taken, 0)) + 1)

"""The region tool: the region under the cursor lights up, a click gives it to the active class."""

from collections.abc import Collection
from typing import Any

from napari.utils.notifications import show_info, show_warning

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.class_selection import ClassSelection
from napari_cliptrase.plugin.tools.region_pointer import RegionPointer


class RegionTool(RegionPointer):
    """Gives regions to classes."""

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs, selection: ClassSelection) -> None:
        super().__init__(session, jobs)
        self._label_layers = label_layers
        self._selection = selection

    def take(self, world: Any, modifiers: Collection[str]) -> None:
        """Give the region to the active class, with Shift to the background."""
        mask, clear = self.mask_at(world), "Shift" in modifiers
        active = self._session.active_class
        if mask is None or self._encoded is None:
            return
        if active is None and not clear:
            show_info("Select a class in the table first: a click gives the region to that class.")
            return
        target = self._encoded.source.target
        try:
            run = self._label_layers.assign(target, mask, 0 if clear else active or 0, locked=self._session.locked)
        except CliptraseError as error:
            show_warning(str(error))
            return
        if run is not None:
            self._selection.show_change(run.layers)

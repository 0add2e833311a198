"""Writing a refinement into label layers, and taking it back."""

from typing import Final

from napari.utils.notifications import show_info

from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.layers.refined_copy import RefinedCopy
from napari_cliptrase.plugin.run.refine_target import Labelled, RefineTarget
from napari_cliptrase.plugin.run.refine_task import RefineOutcome
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.session import Session

RUN_TITLE: Final = "Refine"


class RefinementWriter:
    """Writes into the label layers of the plugin, and puts a refined copy beside other layers."""

    def __init__(self, session: Session, label_layers: LabelLayers) -> None:
        self._session = session
        self._label_layers = label_layers
        self._copy = RefinedCopy(session.viewer.layers)

    def write(self, choice: RefineTarget, at: Labelled, refined: RefineOutcome) -> None:
        """Write the refined labels of what was chosen."""
        if choice.layer is None:
            self._write_ours(choice, at, refined)
        else:
            self._copy.put(choice.layer, at.source.target, refined.labels)

    @property
    def can_undo(self) -> bool:
        """Whether the last refinement is still there to be taken back."""
        return self._copy.is_there or self._last_is_ours

    def undo(self) -> None:
        """Undo the last refinement in all layers."""
        if self._copy.is_there:
            self._copy.remove()
        elif self._last_is_ours:
            self._label_layers.undo_last_run(self._session.locked)

    @property
    def _last_is_ours(self) -> bool:
        last = self._label_layers.last_run
        return last is not None and last.title == RUN_TITLE

    def _write_ours(self, choice: RefineTarget, at: Labelled, refined: RefineOutcome) -> None:
        layers, session = self._label_layers, self._session
        combined = layers.combined_layer(choice.image) is not None
        output = (
            Output.COMBINED if not layers.class_layers(choice.image) else Output.BOTH if combined else Output.CLASSES
        )
        table = layers.table(choice.image)
        run = layers.write(
            PlaneResult(at.source.target, refined.labels, table, refined.provenance, RUN_TITLE),
            output=output,
            locked=session.locked,
        )
        for note in run.notes:
            show_info(note)

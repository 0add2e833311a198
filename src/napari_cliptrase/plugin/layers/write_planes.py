"""Carrying out a plan: one or many planes of an image as one run, a layer at a time."""

from collections.abc import Generator, Iterator

from napari.components import LayerList
from napari.layers import Labels

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_contents import LayerContents
from napari_cliptrase.plugin.layers.output import PlaneResult
from napari_cliptrase.plugin.layers.plane_merge import PlaneConstraints, add_constraint, constraints_of, merged_content
from napari_cliptrase.plugin.layers.run_writer import PlaneWrite, RunWriter
from napari_cliptrase.plugin.layers.write_plan import WritePlan
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import class_of
from napari_cliptrase.progress import Progress, run_to_end


class PlanExecution:
    """Carries out a plan with a writer."""

    def __init__(
        self, viewer_layers: LayerList, contents: LayerContents, history: History, plan: WritePlan, writer: RunWriter
    ) -> None:
        self._list = viewer_layers
        self._contents = contents
        self._history = history
        self._plan = plan
        self._writer = writer

    def steps(self) -> Iterator[Progress]:
        """Yield before each plane and after each layer that is written, so that the window can live meanwhile.

        Each layer is merged with what it holds when its turn comes: what is painted during the run stays. A new layer
        comes into the list with what is written first, so that it is drawn once. A layer that is deleted meanwhile is
        left out.
        """
        count = len(self._plan.results)
        for number, result in enumerate(self._plan.results):
            now = Progress(number, count, _words(number, count))
            yield now
            for _ in self._write_plane(result):
                yield now

    def _write_plane(self, result: PlaneResult) -> Iterator[None]:
        plan, target, history = self._plan, result.target, self._history
        proposed, _ = result.on_plane()
        if not plan.layers:
            return
        seen = history.statements
        constraints = yield from self._constraints(result)
        for planned in plan.layers:
            self._contents.image(target)  # raises when it has changed since the last step
            layer = self._layer_for(planned, target)
            if layer is None:
                continue
            class_id = class_of(layer)
            if planned in plan.missing and class_id is not None and not (proposed == class_id).any():
                continue
            if seen != history.statements:
                fresh = run_to_end(self._constraints(result))
                constraints = PlaneConstraints(fresh.edited, fresh.painted, constraints.closed)
                seen = history.statements
            (content,) = self._contents.of([layer], target)
            add_constraint(constraints, content, plan.mode, plan.locked)  # a script may have written into it
            after = merged_content(content, proposed, constraints, plan.mode, plan.locked)
            edits = content.edits
            if plan.mode is MergeMode.REPLACE and content.class_id not in plan.locked:
                edits = edits & constraints.closed
            self._writer.write(target, PlaneWrite(layer, after, edits, provenance=result.provenance), plan.table)
            yield

    def _layer_for(self, planned: Labels, target: Target) -> Labels | None:
        """Return the layer to write to in place of a planned one; None when it was deleted meanwhile."""
        layer = self._writer.current(planned)
        if layer in self._list:
            return layer
        if planned not in self._plan.missing or self._writer.opened(planned):
            return None
        # a tool may have made one for the class since the plan
        others = self._contents.fitting_layers(self._plan.image, target)
        return next((other for other in others if class_of(other) == class_of(planned)), planned)

    def _constraints(self, result: PlaneResult) -> Generator[None, None, PlaneConstraints]:
        """Join what all label layers of the image hold, also those that the plan does not write to, one at a time."""
        proposed, where = result.on_plane()
        plan, target = self._plan, result.target
        layers = self._contents.fitting_layers(plan.image, target)
        contents = (content for layer in layers for content in self._contents.of([layer], target))
        return (yield from constraints_of(contents, proposed, where, plan.mode, plan.locked))


def _words(number: int, count: int) -> str:
    return "writing the layers" if count == 1 else f"writing plane {number + 1} of {count}"

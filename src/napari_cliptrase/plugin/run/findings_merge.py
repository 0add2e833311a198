"""What the model found ahead of time comes into the mask, the layers and the live scores of the image on show."""

from collections.abc import Callable

from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.run.gui_steps import GuiSteps
from napari_cliptrase.plugin.run.image_findings import Findings, choice_of
from napari_cliptrase.plugin.run.mask_saver import FILL_TITLE, REFINED_FILL_TITLE, MaskSaver
from napari_cliptrase.plugin.run.segmentation import SegmentationRunner
from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.state.plane_source import PlaneSource, planes_of
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.project.pixel_provenance import Provenance


class FindingsMerge:
    """Merges results into mask and layers, both by the same rule."""

    def __init__(
        self,
        session: Session,
        label_layers: LabelLayers,
        runner: SegmentationRunner,
        state: FolderState,
        saver: MaskSaver,
        gui_steps: GuiSteps,
    ) -> None:
        self._session = session
        self._label_layers = label_layers
        self._runner = runner
        self._state = state
        self._saver = saver
        self._gui_steps = gui_steps

    def take_result(self, name: str, findings: Findings) -> None:
        """Merge labels into the mask of an image."""
        project, result, setup = self._state.project, findings.result, findings.setup
        kind = Provenance.MODEL if setup.refine is None else Provenance.REFINED
        run = setup.run()
        if project is not None:
            self._saver.later(
                lambda: project.take_result(
                    name, result.labels, kind=kind, run=run, uncertainty=result.uncertainty, scores=result.scores
                ),
                name,
            )

    def fill(self, name: str, shown: PlaneSource, findings: Findings, still_shown: Callable[[], bool]) -> None:
        """Merge labels that come late into the mask and the layers of the image on show."""
        session, segmentation = self._session, findings.segmentation
        title = FILL_TITLE if findings.setup.refine is None else REFINED_FILL_TITLE
        self.take_result(name, findings)
        results = [
            PlaneResult(
                source.target,
                findings.result.labels[source.index],
                segmentation.classes,
                segmentation.provenance,
                title,
            )
            for source in planes_of(shown)
        ]
        steps = self._label_layers.write_planes(results, output=session.output, locked=session.locked)
        self._gui_steps.start(steps, lambda _run: self.take_up(shown, findings) if still_shown() else None)

    def take_up(self, shown: PlaneSource, findings: Findings) -> None:
        """Let tools and live scores go on from the encoding."""
        first = planes_of(shown)[0]
        if first.key != shown.key or self._runner.busy:
            return
        setup = findings.setup
        encoded = Encoded(first, findings.rgb, findings.encoding, setup.model)
        segmented = Segmented(first, findings.segmentation, findings.summary)
        self._runner.take_up(choice_of(setup), findings.segmenter, setup.prompts, setup.taught(), encoded, segmented)

"""Writing what a run or new scores found into layers: one at a time, and newer scores in the place of older ones."""

from collections.abc import Generator, Sequence

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult, Run
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress, paced

TURN = 0.05
"""Seconds of writing layers after which the window has its turn; drawing it after each one would take longer."""


class SegmentationWriter:
    """Writes as the session says: into which layers, what may be overwritten, which classes are locked.

    Attributes
    ----------
    output
        The layers that were written last; None before anything was.
    """

    def __init__(self, session: Session, label_layers: LabelLayers) -> None:
        self.output: Output | None = None
        self._session = session
        self._label_layers = label_layers
        self._scores: Run | None = None
        """Scores that the next ones take the place of."""
        self._writing = False
        session.encoded_changed.connect(self._on_encoded)
        label_layers.written.connect(self._on_written)

    def write(self, results: Sequence[PlaneResult], instead_of: Run | None = None) -> Generator[Progress, None, Run]:
        """Write results once those that are being written are done: they were cancelled, and undo themselves first."""
        return (yield from self._write(results, self._session.merge_mode, instead_of=instead_of))

    def write_learned(self, result: PlaneResult) -> Generator[Progress, None, Run]:
        """Write what hand edits taught: never over hand edits, and as one step of Ctrl+Z."""
        mode = self._session.merge_mode
        mode = MergeMode.KEEP_EDITS if mode is MergeMode.REPLACE else mode
        return (yield from self._write([result], mode, linked=True))

    def _write(
        self,
        results: Sequence[PlaneResult],
        mode: MergeMode,
        *,
        instead_of: Run | None = None,
        linked: bool = False,
    ) -> Generator[Progress, None, Run]:
        session, output = self._session, self._session.output
        while self._writing:
            yield Progress(0, 0, "Writing the layers")
        self._writing = True
        try:
            steps = self._label_layers.write_planes(
                results, output=output, mode=mode, locked=session.locked, instead_of=instead_of, linked=linked
            )
            run = yield from paced(steps, TURN)
        finally:
            self._writing = False
        self.output = output
        return run

    def write_scores(self, result: PlaneResult) -> Generator[Progress, None, Run]:
        """Write new scores in the place of those that were written last, if nothing else was written since."""
        encoded = self._session.encoded
        run = yield from self.write([result], instead_of=self._scores)
        if self._session.encoded is encoded:
            self._scores = run
        return run

    def _on_written(self, run: Run) -> None:
        """A region, a mask, a refinement: the last scores stay."""
        if run is not self._scores:
            self._scores = None

    def _on_encoded(self, _encoded: Encoded | None) -> None:
        """Another encoding is shown: the scores of the last one stay in their layers."""
        self._scores = None

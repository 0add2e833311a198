"""Which layers are shown beside the labels of the session's result."""

from collections.abc import Callable, Generator

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import Extra, LabelLayers, show_extras
from napari_cliptrase.plugin.run.jobs import Job, Jobs
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress


class ShownExtras:
    """Brings the extra layers in line with the session's result, whenever that or the choice changes.

    Attributes
    ----------
    chosen
        What is shown beside the next result.
    """

    def __init__(self, session: Session, label_layers: LabelLayers, jobs: Jobs) -> None:
        self.chosen: frozenset[Extra] = frozenset()
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs

    def show(self) -> None:
        """Show what was chosen of the session's result."""
        session = self._session
        segmented, encoded = session.segmented, session.encoded
        if segmented is not None:
            image = self._label_layers.image(segmented.source.target)
            show_extras(session.viewer.layers, image, segmented, encoded, self.chosen)

    def choose(self, extras: frozenset[Extra], failed: Callable[[CliptraseError], object]) -> Job | None:
        """Show other layers of the session's result, regions after a worker has found them; None without a result."""
        self.chosen = extras
        session = self._session
        encoded = session.encoded
        if encoded is None or session.segmented is None:
            return None

        def steps() -> Generator[Progress, None, None]:
            yield Progress(0, 0, "Finding the regions")
            if Extra.REGIONS in extras:
                encoded.encoding.region_map()

        def done(_value: None) -> None:
            if session.encoded is encoded:
                self.show()

        return self._jobs.start("Show", steps, done=done, failed=failed, key="extras")

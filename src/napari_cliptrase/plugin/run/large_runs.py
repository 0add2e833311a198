"""Runs over planes that do not fit into memory: labels go to a zarr on disk, which becomes a layer to paint on."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from napari.layers import Image
from napari.utils import notifications
from qtpy.QtCore import QTimer

from napari_cliptrase.engine.pipeline import LargeRequest
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.label_pyramid import PyramidPlace, key_of_unfinished, labels_beside
from napari_cliptrase.pixels.lazy_picture import open_picture
from napari_cliptrase.plugin.layers.labels_on_disk import show_labels_on_disk
from napari_cliptrase.plugin.layers.labels_so_far import LabelsSoFar
from napari_cliptrase.plugin.run.jobs import Job
from napari_cliptrase.plugin.run.segmentation import SegmentationRunner
from napari_cliptrase.plugin.state.plane_source import PlaneSource
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.engine.window_cache import WindowCache
    from napari_cliptrase.masks.label_pyramid import LabelPyramid

MOST_AT_ONCE = 1 << 26
"""Pixels of a plane that are segmented in memory."""
MOST_AT_FULL_DETAIL = 1 << 24
"""The same at full detail, where what is kept of a pixel takes far more memory than the pixel."""


def is_large(source: PlaneSource, settings: Settings) -> bool:
    """Whether a source is segmented window by window to disk.

    At full detail a part of a plane is, too, so that it gets the labels that the whole plane gets there.
    """
    height, width = source.target.geometry.plane_shape
    rows, columns = source.target.shape
    if settings.detail is not Detail.FULL:
        return rows * columns > MOST_AT_ONCE
    return (rows, columns) != (height, width) or height * width > MOST_AT_FULL_DETAIL


SECONDS_BETWEEN_PICTURES = 1.0
"""Before what has come since is shown."""


class _Pause:
    """Says when so many seconds have gone since it last said so."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun = time.monotonic()

    def over(self) -> bool:
        if time.monotonic() - self._begun < self._seconds:
            return False
        self._begun = time.monotonic()
        return True


@dataclass
class _Outcome:
    """What a run has written so far; a run that is cancelled leaves it, too."""

    pyramid: "LabelPyramid | None" = None
    cores: int = 0


class LargeRunner:
    """Segments large planes for a session.

    Attributes
    ----------
    folder
        Where the labels are of images that are not files on this computer.
    skip_empty
        Whether parts in which nothing is seen are left out.
    """

    def __init__(self, session: Session, runner: SegmentationRunner, folder: Path | None = None) -> None:
        self._session = session
        self._runner = runner
        self._cache: WindowCache | None = None
        self.folder = folder or platformdirs.user_data_path("napari-cliptrase", appauthor=False) / "large"
        self.skip_empty = False

    @property
    def cached_bytes(self) -> int:
        """Bytes of encoded windows in memory."""
        return 0 if self._cache is None else self._cache.nbytes

    def forget_windows(self) -> None:
        """Free the memory of the encoded windows."""
        if self._cache is not None:
            self._cache.clear()

    def run(self, source: PlaneSource, choice: ModelChoice) -> Job:
        """Segment a source; its labels become a layer of the full extent, also those of a run that was cancelled."""
        session, prompts = self._session, self._session.prompts
        image = session.image
        table = prompts.table()
        outcome = _Outcome()
        skip_empty = self.skip_empty
        if source.target.geometry.rows > source.target.geometry.columns:
            raise CliptraseError(
                "Images as large as this are segmented with their rows before their columns; transpose the image, or "
                "choose a coarser level."
            )
        so_far = LabelsSoFar(source.target, table)
        pause = _Pause(SECONDS_BETWEEN_PICTURES)
        file = image.source.path if isinstance(image, Image) else None

        def work(segmenter: "Segmenter") -> Generator[Progress, None, Any]:
            from napari_cliptrase.batch.large_run import prepare_large_run
            from napari_cliptrase.engine.window_cache import WindowCache

            self._cache = self._cache or WindowCache()
            yield Progress(0, 0, "Planning the windows")
            picture = open_picture(source.array, source.roles, source.index, source.contrast)
            target = source.target
            name = "-".join([target.image_name, *map(str, source.index)])
            box = None if target.shape == picture.shape else target.box
            identity = repr(source.key[:-1]) if file is None else f"{file} {source.key[1:-1]}"
            examples = session.examples.in_use(segmenter.model.fingerprint, segmenter.settings.encode_key())
            request = LargeRequest(
                picture, prompts, box=box, skip_empty=skip_empty, identity=identity, examples=examples
            )
            scale = [float(value) for value in target.geometry.place["scale"]][-2:]

            def place_for(key: str) -> PyramidPlace:
                root = self._root(name, file, key)
                return PyramidPlace(root, picture.shape, picture.shape, (scale[0], scale[1]))

            prepared = prepare_large_run(
                segmenter,
                request,
                identity,
                place_for,
                cache=self._cache,
                mask=target.mask,
                on_core=lambda core: so_far.add(core.rows, core.columns, core.labels),
            )
            pyramid = prepared.run.pyramid
            outcome.cores = len(prepared.cores) + len(pyramid.finished)
            yield Progress(0, 0, f"To do: {prepared.expected.describe()}")
            outcome.pyramid = pyramid
            return (yield from prepared.run.steps())

        def show() -> None:
            so_far.remove(session.viewer)
            if outcome.pyramid is not None and outcome.pyramid.written:
                show_labels_on_disk(session.viewer, source.target, outcome.pyramid.array, table)

        def done(response: Any) -> None:
            show()
            for note in response.notes:
                _notify(note)

        def cancelled() -> None:
            if outcome.pyramid is None:
                return
            show()
            count = len(outcome.pyramid.finished) + outcome.pyramid.written
            _notify(
                f"Stopped: {count:,} of {outcome.cores:,} parts are done and stay; press Run to go on with the others."
            )

        def progressed(_progress: Progress) -> None:
            if image in session.viewer.layers and pause.over():
                so_far.show(session.viewer)

        job = self._runner.run_other("Segment", choice, work, done)
        job.progressed.connect(progressed)
        job.cancelled.connect(cancelled)
        job.failed.connect(lambda _error: so_far.remove(session.viewer))
        return job

    def _root(self, name: str, file: str | None, key: str) -> Path:
        """Return where labels go: an unfinished run of the same key, or a name that is free."""
        if file is not None and Path(file).exists():
            image = Path(file).absolute()
        else:
            stem = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in name).strip()
            image = self.folder / (stem or "image")
        number = 1
        while True:
            root = labels_beside(image, number)
            if not root.exists() or key_of_unfinished(root) == key:
                return root
            number += 1


def _notify(sentence: str) -> None:
    """Show a sentence once the window has drawn the new layer: in software, both at once can end in a crash."""
    QTimer.singleShot(0, lambda: notifications.show_info(sentence))

"""Folders of images, reading and writing included, compared with the encoder alone on the same windows."""

import itertools
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.batch.image_work import ImageWorker
from napari_cliptrase.batch.input_file import Input
from napari_cliptrase.batch.runner import ResultWriter, run_batch_steps
from napari_cliptrase.batch.segment_files import SegmentedFile, SegmentRequest, segment_files
from napari_cliptrase.bench.row import Row
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.encode import encode_pixels, find_regions
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.models.loaded_models import ClipModel
from napari_cliptrase.project.project import Project
from napari_cliptrase.timing import interleaved

FOLDER_TARGET = 0.92
_SIZE = (480, 640)
_PROMPTS = PromptSet.parse("sky\nmountain\nsea\ngrass\nroad\nsun\ntree")


def folder_rows(model: ClipModel, name: str, images: int, rounds: int) -> Iterator[Row]:
    """Images per second of ``batch`` and of ``segment`` on a folder of painted scenes of 640 × 480 pixels.

    Both are timed as a whole, without loading the model: what the first image waits for before it is encoded, and the
    last one after it, counts as well.
    """
    with TemporaryDirectory() as place:
        work = _FolderWork.of(model, Path(place), images)
        functions = {"encoder": work.encode, "batch": work.batch, "segment": work.segment}
        seconds = interleaved(functions, rounds)
    notes = {
        "batch": "read, encoded, labelled, and written into a project",
        "segment": "read, encoded, labelled, and written with overlays",
    }
    for command, note in notes.items():
        yield Row(
            name=f"{command} of {images} images, {name}",
            ours=images / seconds[command],
            theirs=images / seconds["encoder"],
            unit="images/s",
            figure=seconds["encoder"] / seconds[command],
            target=FOLDER_TARGET,
            at_most=False,
            note=f"{note}; against features, correlation and regions of the same windows",
        )


@dataclass(frozen=True, eq=False)
class _FolderWork:
    """The same images as a folder, and as windows that are ready for the network."""

    segmenter: Segmenter
    folder: Path
    windows: Sequence[np.ndarray]
    numbers: Iterator[int]

    @classmethod
    def of(cls, model: ClipModel, place: Path, images: int) -> "_FolderWork":
        segmenter = Segmenter(model, Settings(templates=TemplateSet.SINGLE), text_caches=())
        folder = place / "images"
        folder.mkdir()
        scenes = [paint_scene(number, _SIZE).image for number in range(images)]
        for number, scene in enumerate(scenes):
            Image.fromarray(scene).save(folder / f"{number:03}.png")
        return cls(segmenter, folder, [_windows(segmenter, scene) for scene in scenes], itertools.count())

    def encode(self) -> None:
        """All that does not depend on the classes, from pixels in memory."""
        settings = self.segmenter.settings
        for cut in self.windows:
            patches = encode_pixels(self.segmenter.model, cut, settings, attention=False)
            assert patches.correlation is not None
            for correlation in patches.correlation:
                find_regions(correlation.float().cpu(), settings)

    def batch(self) -> None:
        """As ``napari-cliptrase batch`` in a new folder."""
        folder = self.folder.with_name(f"project{next(self.numbers)}")
        shutil.copytree(self.folder, folder)
        worker = ImageWorker(self.segmenter, _PROMPTS)
        with Project.create(folder, _PROMPTS) as project:
            for outcome in run_batch_steps(ResultWriter(project, {}), worker, tuple(project.found.images)):
                if outcome.failure is not None:
                    raise RuntimeError(outcome.failure)

    def segment(self) -> None:
        """As ``napari-cliptrase segment`` into a new folder."""
        request = SegmentRequest(self.segmenter, _PROMPTS, self.folder.with_name(f"masks{next(self.numbers)}"))
        inputs = [Input(path, path.stem) for path in sorted(self.folder.iterdir())]
        for outcome in segment_files(request, inputs, lambda _: None):
            if not isinstance(outcome, SegmentedFile):
                raise RuntimeError(outcome.reason)


def _windows(segmenter: Segmenter, rgb: Rgb) -> np.ndarray:
    """(n, h, w, 3) uint8 windows of a scene (H, W, 3), cut out of its working image."""
    plan = segmenter.plan((rgb.shape[0], rgb.shape[1]))
    picture, patch = plan.working.resized(rgb), segmenter.model.vision.patch
    return np.stack([picture[window.scaled(patch)] for window in plan.windows.windows])

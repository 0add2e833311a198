"""What is done with one image of a batch, in any process: read it, segment its planes, measure the uncertainty."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cliptrase.array_types import LabelArray, Rgb
from napari_cliptrase.batch.smooth_stack import segment_smooth_stack
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.pipeline import PlaneRequest, PlaneResponse, encode_plane_steps, segment_plane_steps
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.learn.lesson_file import read_lessons
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.progress import Progress, Watch, run_to_end
from napari_cliptrase.refine.methods import Method, load_refiner_steps
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:
    from napari_cliptrase.engine.encoding import Encoding
    from napari_cliptrase.engine.result import ClassSummary
    from napari_cliptrase.engine.segmenter import Segmenter


@dataclass(frozen=True)
class RunSetup:
    """How the images of a batch are segmented; can be sent to another process.

    Attributes
    ----------
    prompts, settings
        What to look for, and how.
    model, device, precision
        The CLIP by name, and where it runs.
    refine, sam
        How boundaries are sharpened, if at all, and the SAM by name.
    examples
        Examples that correct what the names say, or their file.
    planes
        Which planes of stacks, as `ImageFile.only` reads it; None means all.
    smoothing
        Share of the neighbouring planes in the scores of each plane of a stack, 0 to 1.
    """

    prompts: PromptSet
    settings: Settings = field(default_factory=Settings)
    model: str = "demo"
    device: str = "auto"
    precision: str = "auto"
    refine: Method | None = None
    sam: str = "demo"
    examples: Path | LessonMemory | None = None
    planes: str | None = None
    smoothing: float = 0.0

    def taught(self) -> LessonMemory | None:
        """Return the examples, read from their file where it is one."""
        return read_lessons(self.examples) if isinstance(self.examples, Path) else self.examples

    def run(self) -> dict[str, Any]:
        """Return plain data by which a project remembers the run; colours and the order of classes do not count."""
        asked = {
            "classes": sorted((entry.id, entry.phrases, entry.threshold) for entry in self.prompts),
            "background": self.prompts.background,
            "settings": json.loads(self.settings.to_json()),
            "precision": self.precision,
            "sam": self.sam if self.refine is not None and self.refine.needs_sam else None,
        }
        if silent := sorted(entry.id for entry in self.prompts if not entry.text):
            asked["without text"] = silent
        if (examples := self.taught()) is not None:
            asked["examples"] = examples.sha256
        if self.planes is not None:
            asked["planes"] = self.planes
        if self.smoothing:
            asked["smoothing"] = self.smoothing
        key = hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
        return {"model": self.model, "refine": None if self.refine is None else str(self.refine), "key": key[:16]}


@dataclass(frozen=True, eq=False)
class ImageResult:
    """The result of an image.

    Attributes
    ----------
    labels
        (H, W) of each plane, by its index; the empty index for a picture.
    uncertainty
        Mean over all patches of 1 − (p1 − p2), where p1, p2 are the two best probabilities.
    notes
        What the user should know.
    scores
        Mean probability of each class that was found, in the pixels of that class in all planes, by its id.
    """

    labels: Mapping[tuple[int, ...], LabelArray]
    uncertainty: float
    notes: tuple[str, ...]
    scores: Mapping[int, float] = field(default_factory=dict)


class ImageWorker:
    """The models of a batch, loaded once in each process."""

    def __init__(
        self,
        segmenter: "Segmenter",
        prompts: PromptSet,
        refiner: MaskRefiner | None = None,
        examples: LessonMemory | None = None,
        planes: str | None = None,
        smoothing: float = 0.0,
    ) -> None:
        self.smoothing = smoothing
        self._planes = planes
        self._segmenter = segmenter
        self._prompts = prompts
        self._refiner = refiner
        self._examples = examples

    @classmethod
    def load_steps(cls, setup: RunSetup) -> Generator[Progress, None, "ImageWorker"]:
        """Load the models of a setup."""
        from napari_cliptrase.engine.segmenter import Segmenter
        from napari_cliptrase.models.load import load_model_steps

        model = yield from load_model_steps(setup.model, setup.device, setup.precision)
        refiner = None
        if setup.refine is not None:
            refiner = yield from load_refiner_steps(setup.refine, setup.sam, setup.device)
        if (examples := setup.taught()) is not None:
            examples.check(model.fingerprint, setup.settings.encode_key(), model.name)
        return cls(Segmenter(model, setup.settings), setup.prompts, refiner, examples, setup.planes, setup.smoothing)

    def chosen(self, image: ImageFile) -> ImageFile:
        """Return an image with the planes that are to be segmented."""
        return image if self._planes is None else image.only(self._planes)

    def segment(self, image: ImageFile, watch: Watch | None = None) -> ImageResult:
        """Segment every plane of an image that is asked for."""
        image = self.chosen(image)
        if self.smoothing:
            return image_result(self.label_stack(image, watch))
        planes: dict[tuple[int, ...], LabelledPlane] = {}
        for index in image.indices():
            rgb = image.rgb(index)
            planes[index] = self.label(rgb, self.encode(rgb, watch))
        return image_result(planes)

    def two_fit(self, rgb: Rgb) -> bool:
        """Whether there is memory to encode a plane (H, W, 3) while another one of its size is labelled."""
        return self._segmenter.two_fit(rgb)

    def encode(self, rgb: Rgb, watch: Watch | None = None) -> "Encoding":
        """Encode a plane (H, W, 3) uint8, which does not depend on the classes."""
        return run_to_end(encode_plane_steps(self._segmenter, rgb, once=True), watch)

    def label(self, rgb: Rgb, encoding: "Encoding") -> "LabelledPlane":
        """Give the pixels of an encoded plane their classes; another thread may encode the next plane meanwhile."""
        request = PlaneRequest(rgb, self._prompts, encoding=encoding, examples=self._examples)
        return LabelledPlane.of(run_to_end(segment_plane_steps(self._segmenter, request, self._refiner)))

    def label_stack(self, image: ImageFile, watch: Watch | None = None) -> "dict[tuple[int, ...], LabelledPlane]":
        """Segment every plane of an image that is asked for, with scores that are smoothed along the planes."""
        return segment_smooth_stack(
            self._segmenter,
            image,
            lambda rgb: PlaneRequest(rgb, self._prompts, encoding=self.encode(rgb, watch), examples=self._examples),
            self.smoothing,
            lambda _, response: LabelledPlane.of(response),
            self._refiner,
        )


@dataclass(frozen=True, eq=False)
class LabelledPlane:
    """The result of a plane.

    Attributes
    ----------
    labels
        (H, W) class ids.
    uncertainty
        Mean of 1 − (p1 − p2) over its patches.
    notes
        What the user should know.
    classes
        What was found of each class.
    """

    labels: LabelArray
    uncertainty: float
    notes: tuple[str, ...]
    classes: "tuple[ClassSummary, ...]" = ()

    @classmethod
    def of(cls, response: PlaneResponse) -> "LabelledPlane":
        """Keep what a project needs of a response."""
        found = response.segmentation
        return cls(found.labels, found.uncertainty, found.notes, found.summary())


def image_result(planes: Mapping[tuple[int, ...], LabelledPlane]) -> ImageResult:
    """Put the results of all planes of an image together."""
    notes = dict.fromkeys(note for plane in planes.values() for note in plane.notes)
    uncertainty = float(np.mean([plane.uncertainty for plane in planes.values()]))
    labels = {index: plane.labels for index, plane in planes.items()}
    return ImageResult(labels, uncertainty, tuple(notes), _mean_scores(planes.values()))


def _mean_scores(planes: Iterable[LabelledPlane]) -> dict[int, float]:
    """Return the mean probability of each class that has pixels, each pixel counting as much as any other."""
    pixels: Counter[int] = Counter()
    sums: defaultdict[int, float] = defaultdict(float)
    for plane in planes:
        for found in plane.classes:
            if found.id and found.mean_score is not None:
                pixels[found.id] += found.pixels
                sums[found.id] += found.mean_score * found.pixels
    return {key: sums[key] / count for key, count in sorted(pixels.items())}


def segment_image_steps(
    segmenter: "Segmenter",
    prompts: PromptSet,
    image: ImageFile,
    refiner: MaskRefiner | None = None,
    examples: LessonMemory | None = None,
    *,
    known: "Encoding | None" = None,
    take_first: Callable[[Rgb, PlaneResponse], object] | None = None,
) -> Generator[Progress, None, ImageResult]:
    """Segment every plane of an image.

    ``known`` is the encoding of the first plane, where there is one already; ``take_first`` is given the first plane
    and what was found in it, which are not kept here.
    """
    planes: dict[tuple[int, ...], LabelledPlane] = {}
    for index in image.indices():
        encoding = None if planes else known
        request = PlaneRequest(image.rgb(index), prompts, encoding=encoding, examples=examples)
        response = yield from segment_plane_steps(segmenter, request, refiner)
        if not planes and take_first is not None:
            take_first(request.rgb, response)
        planes[index] = LabelledPlane.of(response)
    return image_result(planes)

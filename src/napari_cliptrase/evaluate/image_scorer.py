"""One image through all lines of a table; the models are loaded once, and lines share encodings where they can."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_cliptrase.engine.pipeline import PlaneRequest, segment_plane_steps
from napari_cliptrase.evaluate.class_counts import ImageCounts
from napari_cliptrase.evaluate.evaluation_rows import EvaluationRow
from napari_cliptrase.evaluate.labelled_images import LabelledImage, LabelledImages
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.refine.methods import Method, load_refiner_steps
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:
    from napari_cliptrase.engine.encoding import Encoding
    from napari_cliptrase.models.loaded_models import ClipModel


@dataclass(frozen=True)
class EvaluationSetup:
    """What is scored, and how; can be sent to another process.

    Attributes
    ----------
    images
        With their true classes.
    rows
        The lines of the table.
    model, device, precision
        The CLIP by name, and where it runs.
    sam
        For lines that refine with one, by name.
    """

    images: LabelledImages
    rows: tuple[EvaluationRow, ...]
    model: str = "demo"
    device: str = "auto"
    precision: str = "auto"
    sam: str = "demo"


@dataclass(frozen=True, eq=False)
class ScoredImage:
    """What became of an image: counts by the name of the line, or in one sentence why there are none.

    ``left_out`` images count nowhere, as the protocol says.
    """

    name: str
    counts: Mapping[str, ImageCounts] = field(default_factory=dict)
    failure: str | None = None
    left_out: bool = False


class ImageScorer:
    """The models of an evaluation, loaded once in each process."""

    def __init__(self, setup: EvaluationSetup, model: "ClipModel", refiners: Mapping[Method, MaskRefiner]) -> None:
        from napari_cliptrase.engine.segmenter import Segmenter

        self.model = model
        self._setup = setup
        self._refiners = refiners
        self._segmenters = {row.name: Segmenter(model, row.settings) for row in setup.rows}

    @classmethod
    def load_steps(cls, setup: EvaluationSetup) -> Generator[Progress, None, "ImageScorer"]:
        """Load the models of a setup."""
        from napari_cliptrase.models.load import load_model_steps

        model = yield from load_model_steps(setup.model, setup.device, setup.precision)
        refiners = {}
        for method in dict.fromkeys(row.refine for row in setup.rows if row.refine is not None):
            refiners[method] = yield from load_refiner_steps(method, setup.sam, setup.device)
        return cls(setup, model, refiners)

    def score(self, name: str, rows: Sequence[str] | None = None) -> ScoredImage:
        """Read an image, segment it as each line (or each of ``rows``) says, and compare with the truth."""
        return self.score_image(name, self._setup.images.read(name), rows)

    def score_image(self, name: str, image: LabelledImage, rows: Sequence[str] | None = None) -> ScoredImage:
        """Do what `score` does, for an image that has been read."""
        encodings: dict[str, Encoding] = {}
        counts = {}
        classes = len(self._setup.images.classes)
        for row in self._setup.rows:
            if rows is not None and row.name not in rows:
                continue
            segmenter = self._segmenters[row.name]
            frame = segmenter.plan((image.rgb.shape[0], image.rgb.shape[1])).working
            if frame.crop and image.empty is not None and frame.working_mask(image.empty.astype("int32")).all():
                return ScoredImage(name, left_out=True)
            key = row.settings.network_key()
            known = encodings.get(key)
            encoding = None if known is None else segmenter.with_regions(known)
            request = PlaneRequest(image.rgb, row.vocabulary.prompts, encoding=encoding)
            refiner = None if row.refine is None else self._refiners[row.refine]
            response = run_to_end(segment_plane_steps(segmenter, request, refiner))
            encodings[key] = response.encoding
            found = row.vocabulary.indices_of(response.labels)
            counts[row.name] = ImageCounts.of(frame.working_mask(image.truth), found, classes, image.beyond)
        return ScoredImage(name, counts)

    def record(self) -> dict[str, Any]:
        """Return which model it is, fit for JSON."""
        return {"model": self.model.name, "weights_sha256": self.model.weights_sha256}

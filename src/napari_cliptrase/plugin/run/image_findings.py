"""An image that was read ahead of time, and what the model made of it: the same as a batch would write."""

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_cliptrase.array_types import Rgb
from napari_cliptrase.batch.image_work import ImageResult, RunSetup, segment_image_steps
from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.image_search import FileStamp
from napari_cliptrase.refine.methods import load_refiner_steps
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:
    from napari_cliptrase.engine.encoding import Encoding
    from napari_cliptrase.engine.pipeline import PlaneResponse
    from napari_cliptrase.engine.result import ClassSummary, Segmentation
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.loaded_models import ClipModel


@dataclass(frozen=True, eq=False)
class Findings:
    """What the model made of an image.

    Attributes
    ----------
    setup
        What it was asked.
    refiner
        What sharpened the labels, to be used again for the next image.
    segmenter, rgb, encoding, segmentation, summary
        Of the first plane: to go on from without encoding it again.
    result
        The labels of all planes, as a batch would write them.
    """

    setup: RunSetup
    segmenter: "Segmenter" = field(repr=False)
    rgb: Rgb = field(repr=False)
    encoding: "Encoding" = field(repr=False)
    segmentation: "Segmentation" = field(repr=False)
    summary: "tuple[ClassSummary, ...]" = field(repr=False)
    result: ImageResult = field(repr=False)
    refiner: MaskRefiner | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """An image that was read, and what the model made of it when it was asked to; ``stamp`` is that of the file."""

    name: str
    stamp: FileStamp
    image: ImageFile = field(repr=False)
    findings: Findings | None = None

    @property
    def setup(self) -> RunSetup | None:
        """What the model was asked."""
        return None if self.findings is None else self.findings.setup


def choice_of(setup: RunSetup) -> ModelChoice:
    """Return the model of a setup."""
    return ModelChoice(setup.model, setup.device, setup.precision)


def same_question(one: RunSetup | None, other: RunSetup | None) -> bool:
    """Whether two setups give the same labels."""
    if one is None or other is None:
        return one is other
    return one.run() == other.run() and one.device == other.device


def same_but_for_examples(one: RunSetup | None, other: RunSetup | None) -> bool:
    """Whether the work on one setup is nearly all of that on the other: examples change scores, and no encoding."""
    if one is None or other is None:
        return one is other
    return same_question(replace(one, examples=None), replace(other, examples=None))


def same_refiner(one: RunSetup, other: RunSetup) -> bool:
    """Whether two setups sharpen boundaries in the same way."""
    return (one.refine, one.sam, one.device) == (other.refine, other.sam, other.device)


def findings_steps(
    setup: RunSetup,
    model: "ClipModel | None",
    image: ImageFile,
    before: Findings | None,
    refiner: MaskRefiner | None = None,
) -> Generator[Progress, None, Findings]:
    """Segment every plane of an image.

    Parameters
    ----------
    setup
        What to look for, and how.
    model
        That of the setup, when it is loaded.
    image
        What was read.
    before
        What was found in the same image with another setup: where the encodings are the same, the first is used again.
    refiner
        That of the setup, when there is one already.
    """
    from napari_cliptrase.engine.segmenter import Segmenter

    if model is None:
        from napari_cliptrase.models.load import load_model_steps

        yield Progress(0, 0, f"Loading model {setup.model}")
        model = yield from load_model_steps(setup.model, setup.device, setup.precision)
    segmenter = Segmenter(model, setup.settings)
    examples = setup.taught()
    known: Encoding | None = None
    if before is not None and choice_of(before.setup) == choice_of(setup):
        known = before.encoding if before.encoding.encode_settings == setup.settings.encode_key() else None
    if setup.refine is not None and refiner is None:
        refiner = yield from load_refiner_steps(setup.refine, setup.sam, setup.device)
    first: list[tuple[Rgb, PlaneResponse]] = []
    result = yield from segment_image_steps(
        segmenter,
        setup.prompts,
        image,
        refiner,
        examples,
        known=known,
        take_first=lambda rgb, response: first.append((rgb, response)),
    )
    ((rgb, response),) = first
    segmentation = response.segmentation
    return Findings(setup, segmenter, rgb, response.encoding, segmentation, segmentation.summary(), result, refiner)

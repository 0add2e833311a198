"""A simulated annotator goes through a folder, once for each workflow."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from skimage.measure import label

from napari_cliptrase.array_types import Mask
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.evaluate.annotation_effort import ActionKind, CostModel
from napari_cliptrase.evaluate.annotator import NOTHING, AnnotatedImage, Annotator, Learner, Tool, Tools
from napari_cliptrase.evaluate.encoded_images import EncodedImage, EncodedImages
from napari_cliptrase.evaluate.labelled_images import Truth
from napari_cliptrase.learn.lesson import Lesson, LessonAction, lessons_from_labels
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.interactive import SamSession

GOALS: Final = (0.90, 0.95)
"""Mean IoU, over the classes of an image, at which an annotator is content."""


@dataclass(frozen=True)
class Workflow:
    """What an annotator uses.

    Attributes
    ----------
    name
        For tables and commands.
    text
        Whether the image is segmented by the names before the first action.
    clicks
        What answers clicks.
    within, across
        Whether corrections teach the rest of the image, and the images after it.
    scribble
        Whether lines are drawn that teach the rest of the image, and label nothing themselves.
    """

    name: str
    text: bool = False
    clicks: tuple[ActionKind, ...] = ()
    within: bool = False
    across: bool = False
    scribble: bool = False


_BOTH: Final = (ActionKind.REGION, ActionKind.SAM)
WORKFLOWS: Final = (
    Workflow("painting"),
    Workflow("painting, regions and SAM", clicks=_BOTH),
    Workflow("text", text=True),
    Workflow("text and regions", text=True, clicks=(ActionKind.REGION,)),
    Workflow("text, regions and SAM", text=True, clicks=_BOTH),
    Workflow("learning within the image", text=True, clicks=_BOTH, within=True),
    Workflow("scribbles within the image", text=True, clicks=_BOTH, within=True, scribble=True),
    Workflow("learning from finished images", text=True, clicks=_BOTH, across=True),
    Workflow("learning across the folder", text=True, clicks=_BOTH, within=True, across=True),
)


@dataclass(frozen=True, eq=False)
class AnnotatedFolder:
    """What one workflow cost, image by image."""

    workflow: Workflow
    images: tuple[AnnotatedImage, ...] = field(repr=False)

    def actions(self, goal: float) -> list[int | None]:
        """Actions up to a goal by image; None where it was not reached."""
        return [None if (effort := image.reached[goal]) is None else effort.actions for image in self.images]


@dataclass(frozen=True, eq=False)
class AnnotationStudy:
    """Everything that the workflows share.

    Attributes
    ----------
    images
        The folder.
    prompts
        Names of its classes, in their order.
    embedder
        Of the SAM; None when no workflow needs one.
    costs
        What actions cost.
    """

    images: EncodedImages
    prompts: PromptSet
    embedder: Embedder | None
    costs: CostModel = field(default_factory=CostModel)

    def run_steps(self, workflows: Sequence[Workflow]) -> Generator[Progress, None, tuple[AnnotatedFolder, ...]]:
        """Annotate the folder in each workflow."""
        names = self.images.names()
        done: list[AnnotatedFolder] = []
        for workflow in workflows:
            memory = self._nothing_learned()
            annotated: list[AnnotatedImage] = []
            for number, name in enumerate(names):
                yield Progress(len(done) * len(names) + number, len(workflows) * len(names), f"{workflow.name}: {name}")
                encoded = self.images.read(name)
                result = self.annotate(encoded, workflow, memory)
                annotated.append(result)
                if workflow.across:
                    memory = memory.taught(self._lessons(encoded, result.labels, None))
            done.append(AnnotatedFolder(workflow, tuple(annotated)))
        return tuple(done)

    def annotate(self, encoded: EncodedImage, workflow: Workflow, memory: LessonMemory) -> AnnotatedImage:
        """Annotate one image; ``memory`` is what earlier ones taught."""
        truth = encoded.image.truth
        labels = np.full(truth.shape, NOTHING, np.int32)
        if workflow.text:
            labels = self.images.find(encoded, self.prompts, memory)
        clicks: dict[ActionKind, Tool] = {}
        if ActionKind.REGION in workflow.clicks:
            clicks[ActionKind.REGION] = region_clicks(encoded)
        if ActionKind.SAM in workflow.clicks and self.embedder is not None:
            clicks[ActionKind.SAM] = sam_clicks(self.embedder, encoded)
        learner = self._learner(encoded, memory) if workflow.within else None
        tools = Tools(clicks, learner, workflow.scribble, encoded.encoding.shape[0] / encoded.encoding.grid[0])
        return Annotator(truth, labels, tools, self.costs).run(GOALS)

    def _learner(self, encoded: EncodedImage, memory: LessonMemory) -> Learner:
        def learn(examples: Truth, taught: Mask) -> Truth:
            lessons = self._lessons(encoded, examples, taught)
            return self.images.find(encoded, self.prompts, memory.taught(lessons))

        return learn

    def _lessons(self, encoded: EncodedImage, labels: Truth, taught: Mask | None) -> tuple[Lesson, ...]:
        encoding = encoded.encoding
        action = LessonAction.MASK if taught is None else LessonAction.PAINT
        names = {index: entry.name for index, entry in enumerate(self.prompts)}
        return lessons_from_labels(
            encoding.features,
            encoding.grid,
            labels,
            names,
            taught,
            textures=encoding.spot_textures(),
            image=encoding.image_sha256,
            action=action,
        )

    def _nothing_learned(self) -> LessonMemory:
        segmenter = self.images.segmenter
        return LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())


def region_clicks(encoded: EncodedImage) -> Tool:
    """Return what gives the connected part of the method's region under a click."""
    parts = label(encoded.encoding.region_map(), background=-1, connectivity=1)

    def part(row: int, column: int) -> Mask | None:
        number = parts[row, column]
        return None if number == 0 else np.asarray(parts == number)

    return part


def sam_clicks(embedder: Embedder, encoded: EncodedImage) -> Tool:
    """Return what draws SAM's best mask for a click."""
    rgb = encoded.image.rgb

    def mask(row: int, column: int) -> Mask | None:
        session = SamSession(embedder, rgb)
        return session.click(row + 0.5, column + 0.5).whole((rgb.shape[0], rgb.shape[1]))

    return mask

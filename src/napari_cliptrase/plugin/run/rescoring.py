"""Scoring the classes on an encoding that is there, and what the answer depends on."""

from collections.abc import Generator, Hashable
from typing import TYPE_CHECKING

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.pipeline import PlaneRequest, segment_plane_steps
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter


def scored_question(prompts: PromptSet) -> Hashable:
    """Return the parts of a prompt set that affect the labels, without the order and the colours."""
    classes = frozenset((entry.id, entry.phrases, entry.text, entry.threshold) for entry in prompts.classes)
    return classes, prompts.background


def scoring_steps(
    segmenter: "Segmenter",
    encoded: Encoded,
    prompts: PromptSet,
    settings: Settings,
    examples: LessonMemory | None,
) -> Generator[Progress, None, Segmented]:
    """Score the classes on an encoding."""
    request = PlaneRequest(encoded.rgb, prompts, settings, encoded.encoding, examples=examples)
    response = yield from segment_plane_steps(segmenter, request)
    return Segmented(encoded.source, response.segmentation, response.segmentation.summary())

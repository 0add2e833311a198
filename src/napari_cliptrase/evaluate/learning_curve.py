"""How much corrected images teach: mean IoU on the next images after so many."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.encoded_images import EncodedImages
from napari_cliptrase.evaluate.scribbled import scribbled
from napari_cliptrase.learn.lesson import lessons_from_labels
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.progress import Progress


@dataclass(frozen=True, eq=False)
class LearningPoint:
    """What a number of corrected images brings.

    Attributes
    ----------
    corrected
        Images that taught.
    shown
        Classes that they show.
    counts
        Confusion on the images after them.
    """

    corrected: int
    shown: tuple[int, ...]
    counts: Confusion = field(repr=False)

    @property
    def mean_iou(self) -> float:
        """Over all classes that occur in the images that are scored."""
        return self.counts.mean_iou

    @property
    def mean_iou_of_shown(self) -> float:
        """The same, of those among them that were shown."""
        found = [self.counts.iou[index] for index in self.shown if self.counts.true_pixels[index] > 0]
        return float(np.mean(found)) if found else 0.0


def learning_curve_steps(
    images: EncodedImages, prompts: PromptSet, corrected: Sequence[int], scored: int, scribbles: int = 0
) -> Generator[Progress, None, tuple[LearningPoint, ...]]:
    """Score the last ``scored`` images after each number of ``corrected`` ones from the start.

    ``prompts`` are the names of the classes, in their order. With ``scribbles``, at most so many lines through each
    class are drawn in the corrected images, instead of whole masks.
    """
    names, classes = images.names(), images.images.classes
    taught, tested = names[: max(corrected)], names[len(names) - scored :]
    total = len(taught) + len(corrected) * len(tested)
    segmenter = images.segmenter
    by_index = {index: entry.name for index, entry in enumerate(prompts)}
    memory = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())
    shown: set[int] = set()
    points: list[LearningPoint] = []
    done = 0
    for count in range(max(corrected) + 1):
        if count:
            yield Progress(done, total, f"learning from {taught[count - 1]}")
            encoded = images.read(taught[count - 1])
            truth, encoding = encoded.image.truth, encoded.encoding
            memory = memory.taught(
                lessons_from_labels(
                    encoding.features,
                    encoding.grid,
                    truth,
                    by_index,
                    scribbled(truth, scribbles) if scribbles else truth >= 0,
                    textures=encoding.spot_textures(),
                    image=encoding.image_sha256,
                )
            )
            shown |= {int(index) for index in np.unique(truth) if index >= 0}
            done += 1
        if count in corrected:
            counts = Confusion.of((*classes, "nothing"))
            for name in tested:
                yield Progress(done, total, f"scoring after {count} images")
                encoded = images.read(name)
                found = images.find(encoded, prompts, memory)
                counted = encoded.image.truth >= 0
                counts.add(encoded.image.truth[counted], np.where(found < 0, len(classes), found)[counted])
                done += 1
            points.append(LearningPoint(count, tuple(sorted(shown)), counts))
    return tuple(points)

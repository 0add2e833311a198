"""What was taught so far: a bounded collection of lessons for one model."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.learn.lesson import Lesson, LessonError, class_key

MOST_PATCHES: Final = 20_000
"""Patches that a memory keeps; at 512 numbers each they take 40 MB."""

MOST_SPOTS: Final = 10_000
"""Spots that a memory keeps; at 530 numbers each they take 21 MB."""

ExampleKey = tuple[str, str, bool]


@dataclass(frozen=True, eq=False)
class LessonMemory:
    """Lessons in the order in which they were taught, all made with the same model and encode settings.

    Attributes
    ----------
    model, settings
        Fingerprint of the model and the encode side of the settings (`Settings.encode_key`) that made the features.
    lessons
        Oldest first.
    """

    model: str
    settings: str
    lessons: tuple[Lesson, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.lessons)

    @property
    def patches(self) -> int:
        """Number of patches in all lessons."""
        return sum(map(len, self.lessons))

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what is taught: of classes, features and weights in order, not of when and how."""
        digest = hashlib.sha256(f"{self.model} {self.settings}".encode())
        for lesson in self.lessons:
            digest.update(f"{lesson.class_name} {lesson.negative} {lesson.features.shape}".encode())
            digest.update(np.ascontiguousarray(lesson.features).data)
            digest.update(np.ascontiguousarray(lesson.weight).data)
            if lesson.spots is not None:
                digest.update(f"{len(lesson.spots)} spots".encode())
                digest.update(np.ascontiguousarray(lesson.spots.textures).data)
                digest.update(np.ascontiguousarray(lesson.spots.around).data)
        return digest.hexdigest()

    def counts(self) -> dict[str, int]:
        """Number of lessons by class name, in lower case."""
        return dict(Counter(class_key(lesson.class_name) for lesson in self.lessons))

    def check(self, model: str, settings: str, model_name: str) -> None:
        """Raise unless the lessons were made with this model and these encode settings."""
        if not self.lessons:
            return
        if self.model != model:
            raise LessonError(
                f"The examples were made with another model than {model_name}; its features cannot be compared with "
                "theirs. Choose the model that they were made with, or make them again."
            )
        if self.settings != settings:
            raise LessonError(
                "The examples were made with other settings of the encoder (detail, recovery, windows); choose the "
                "same settings, or make the examples again."
            )

    def taught(self, lessons: Iterable[Lesson]) -> "LessonMemory":
        """Add lessons; the new lessons of an image take the place of its older ones for the same class."""
        new = tuple(lesson for lesson in lessons if not lesson.empty)
        replaced = {example_key(lesson) for lesson in new if lesson.image}
        kept = tuple(lesson for lesson in self.lessons if example_key(lesson) not in replaced)
        return replace(self, lessons=_bounded(_with_fewer_spots((*kept, *new))))

    def without_class(self, name: str) -> "LessonMemory":
        """Forget a class."""
        key = class_key(name)
        return replace(self, lessons=tuple(lesson for lesson in self.lessons if class_key(lesson.class_name) != key))

    def retaught(self, before: Collection[ExampleKey], lessons: Iterable[Lesson]) -> "LessonMemory":
        """Return the memory with new lessons in the place of those that have the keys ``before``."""
        kept = tuple(lesson for lesson in self.lessons if example_key(lesson) not in before)
        return replace(self, lessons=kept).taught(lessons)

    def without_lesson(self, number: int) -> "LessonMemory":
        """Forget one lesson, by its place in ``lessons``."""
        if not 0 <= number < len(self.lessons):
            raise LessonError(f"There is no example number {number}; there are {len(self.lessons)}.")
        return replace(self, lessons=(*self.lessons[:number], *self.lessons[number + 1 :]))


def example_key(lesson: Lesson) -> ExampleKey:
    """Return image, class and sign of a lesson: a memory holds one lesson of each."""
    return lesson.image, class_key(lesson.class_name), lesson.negative


def _bounded(lessons: tuple[Lesson, ...]) -> tuple[Lesson, ...]:
    """Thin lessons until they fit: old ones first, and of those the patches that repeat what their class knows."""
    surplus = sum(map(len, lessons)) - MOST_PATCHES
    if surplus <= 0:
        return lessons
    thinned = []
    for lesson in lessons:
        drop = min(surplus, len(lesson))
        surplus -= drop
        thinned.append(lesson.keep(_most_unusual(lesson, len(lesson) - drop)) if drop else lesson)
    return tuple(lesson for lesson in thinned if not lesson.empty)


def _with_fewer_spots(lessons: tuple[Lesson, ...]) -> tuple[Lesson, ...]:
    """Let lessons keep equally many spots, so that they fit; the oldest lose theirs where one each is too much."""
    spotted = [lesson for lesson in lessons if lesson.spots]
    if sum(len(lesson.spots or ()) for lesson in spotted) <= MOST_SPOTS:
        return lessons
    most = max(1, MOST_SPOTS // len(spotted))
    without = set(map(id, spotted[: max(0, len(spotted) - MOST_SPOTS)]))
    return tuple(
        lesson
        if lesson.spots is None
        else replace(lesson, spots=None if id(lesson) in without else lesson.spots.thinned(most))
        for lesson in lessons
    )


def _most_unusual(lesson: Lesson, count: int) -> NDArray[np.bool_]:
    """(n,) the ``count`` patches that are least like the mean of their lesson."""
    likeness = lesson.features @ lesson.features.mean(0)
    chosen = np.zeros(len(lesson), bool)
    chosen[np.argsort(likeness, kind="stable")[:count]] = True
    return chosen


def joined(memories: Sequence[LessonMemory]) -> LessonMemory:
    """Join memories of the same model into one, in the order given."""
    first, *others = memories
    result = first
    for other in others:
        if (other.model, other.settings) != (first.model, first.settings) and len(other):
            raise LessonError("Examples of different models or settings cannot be joined; choose files of one model.")
        result = result.taught(other.lessons)
    return result

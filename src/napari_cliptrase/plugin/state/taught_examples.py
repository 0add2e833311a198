"""What was taught in one viewer: the examples of each model, and whether they count.

Examples are features, and features of one model mean nothing to another, nor do those of other encode settings. So each
pair has a memory of its own, and an image gets only what was taught with its own model and settings.
"""

from collections.abc import Iterable
from typing import Final

from psygnal import Signal

from napari_cliptrase.learn.lesson_memory import LessonMemory

MOST_MEMORIES: Final = 4
"""How many pairs of model and settings are remembered; each memory is bounded by itself."""


class TaughtExamples:
    """The examples of one viewer.

    Signals: ``taught()`` after strokes taught something or took it back, ``changed()`` when examples were forgotten,
    loaded, or switched on or off, which the shown result should follow; ``learning_changed(on)``,
    ``at_once_changed(on)``.
    """

    taught = Signal()
    changed = Signal()
    learning_changed = Signal(bool)
    at_once_changed = Signal(bool)

    def __init__(self) -> None:
        self._memories: dict[tuple[str, str], LessonMemory] = {}
        self._used = True
        self._learning = False
        self._at_once = False

    # -- examples -----------------------------------------------------------------------------------------------------

    @property
    def memories(self) -> tuple[LessonMemory, ...]:
        """All memories that hold examples, the one that changed last at the end."""
        return tuple(self._memories.values())

    def memory(self, model: str, settings: str) -> LessonMemory:
        """Return the memory of a model and its encode settings, by their fingerprints; empty where there is none."""
        return self._memories.get((model, settings)) or LessonMemory(model, settings)

    def in_use(self, model: str, settings: str) -> LessonMemory | None:
        """Return the examples that count for a model and settings; None when there are none, or they are off."""
        return self._memories.get((model, settings)) if self._used else None

    def teach(self, memory: LessonMemory) -> None:
        """Take the place of a memory after strokes; whoever taught sees to the scores."""
        self._put(memory)
        self.taught.emit()

    def change(self, memory: LessonMemory) -> None:
        """Take the place of a memory: examples were forgotten, or came from a file."""
        self._put(memory)
        self.changed.emit()

    def replace_all(self, memories: Iterable[LessonMemory]) -> None:
        """Take the place of everything: a folder was opened or closed. What is shown is not scored again for that."""
        self._memories.clear()
        for memory in memories:
            self._put(memory)
        self.taught.emit()

    def _put(self, memory: LessonMemory) -> None:
        key = memory.model, memory.settings
        self._memories.pop(key, None)
        if len(memory):
            self._memories[key] = memory
        while len(self._memories) > MOST_MEMORIES:
            del self._memories[next(iter(self._memories))]

    # -- switches -----------------------------------------------------------------------------------------------------

    @property
    def used(self) -> bool:
        """Whether examples count at all."""
        return self._used

    @used.setter
    def used(self, used: bool) -> None:
        if used != self._used:
            self._used = used
            if not used:
                self.learning = False
            self.changed.emit()

    @property
    def learning(self) -> bool:
        """Whether strokes teach; that needs examples that count."""
        return self._learning

    @learning.setter
    def learning(self, learning: bool) -> None:
        if learning == self._learning:
            return
        self._learning = learning
        if learning:
            self.used = True
        self.learning_changed.emit(learning)

    @property
    def at_once(self) -> bool:
        """Whether what was learned is written into the layers without a question."""
        return self._at_once

    @at_once.setter
    def at_once(self, at_once: bool) -> None:
        if at_once != self._at_once:
            self._at_once = at_once
            self.at_once_changed.emit(at_once)

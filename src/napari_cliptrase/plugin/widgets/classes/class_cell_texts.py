"""What the cells of the class table say, in words: names, areas, scores, and what a class stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from napari_cliptrase.classes.prompt_class import PromptClass
from napari_cliptrase.learn.lesson import class_key
from napari_cliptrase.learn.lesson_memory import LessonMemory

if TYPE_CHECKING:
    from napari_cliptrase.engine.result import ClassSummary


class Column(IntEnum):
    """Columns, from the left."""

    VISIBLE = 0
    COLOR = 1
    NAME = 2
    THRESHOLD = 3
    AREA = 4
    SCORE = 5
    BASIS = 6
    SOLO = 7
    LOCKED = 8


HEADERS = {
    Column.VISIBLE: ("", "Show or hide"),
    Column.COLOR: ("", "Colour (click to change)"),
    Column.NAME: ("Class", "Name and synonyms: double-click to edit, drag to reorder"),
    Column.THRESHOLD: ("Min", "Least probability for a pixel of this class; empty: the one for all classes"),
    Column.AREA: ("Area", "Share of the image in the label layers as they are now, hand edits included"),
    Column.SCORE: ("Score", "Mean probability of the class over its pixels in the last result"),
    Column.BASIS: ("From", "What the class stands on: its text alone, or also examples, and how many"),
    Column.SOLO: ("", "Solo: show this class alone"),
    Column.LOCKED: ("", "Lock: no run and no tool changes this class"),
}


@dataclass(frozen=True)
class ClassCellTexts:
    """Texts of cells from the last figures.

    Attributes
    ----------
    areas
        Shares of the image, 0 to 1, by class id; 0 is the background.
    summary
        The last result, by class id.
    memory
        Examples that count; None when there are none.
    """

    areas: Mapping[int, float]
    summary: "Mapping[int, ClassSummary]"
    memory: LessonMemory | None

    def best_score(self, class_id: int) -> float | None:
        """Return the highest probability of a class anywhere in the last result."""
        entry = self.summary.get(class_id)
        return None if entry is None else entry.best_score

    def text(self, column: Column, entry: PromptClass) -> str | None:
        """Return what a cell shows; None where it shows no text."""
        if column == Column.NAME:
            return entry.name
        if column == Column.THRESHOLD:
            return "" if entry.threshold is None else f"{entry.threshold:.2f}"
        if column == Column.AREA:
            return self.area(entry.id)
        if column == Column.BASIS:
            return self.basis(entry.name, entry.text)
        return self.score(entry.id) if column == Column.SCORE else None

    def _examples(self, name: str) -> tuple[int, int]:
        """Return how many examples of a class count, and their patches."""
        if self.memory is None:
            return 0, 0
        mine = [lesson for lesson in self.memory.lessons if class_key(lesson.class_name) == class_key(name)]
        return len(mine), sum(map(len, mine))

    def basis(self, name: str, text: bool = True) -> str:
        """Return in one word what a class, or the background, stands on."""
        examples, _ = self._examples(name)
        if not text:
            return str(examples) if examples else "none"
        return f"+{examples}" if examples else "text"

    def _basis_sentences(self, name: str, text: bool) -> str:
        examples, patches = self._examples(name)
        switch = f"Right-click to {'leave its text out' if text else 'use its text as well'}."
        if not examples:
            words = "its text alone" if text else "nothing yet, since its text is off"
            return f"Stands on {words}. Learn from my edits, or load examples. {switch}"
        counted = f"{'1 example' if examples == 1 else f'{examples} examples'} ({patches:,} patches)"
        words = f"its text and {counted}" if text else f"{counted} alone"
        return f"Stands on {words}; an image teaches a class one example. {switch}"

    def area(self, class_id: int) -> str:
        """Return the share of the image; empty when it is unknown."""
        return _percent(self.areas.get(class_id))

    def score(self, class_id: int) -> str:
        """Return the mean probability; empty when there is none."""
        entry = self.summary.get(class_id)
        return "" if entry is None or entry.mean_score is None else f"{entry.mean_score:.2f}"

    def absence(self, class_id: int) -> str:
        """Return why a class was not looked for in the last result; empty when it was."""
        entry = self.summary.get(class_id)
        return "" if entry is None or entry.absence is None else entry.absence.text

    def tooltip(self, column: Column, entry: PromptClass) -> str:
        """Return what explains a cell."""
        if column == Column.NAME:
            words = f"\nAlso asked for: {', '.join(entry.synonyms)}" if entry.synonyms else ""
            absence = self.absence(entry.id)
            words += f"\n{absence[0].upper()}{absence[1:]}; see Absent under Advanced." if absence else ""
            return f"{entry.name}{words}\nDouble-click to edit name and synonyms (dog: puppy, hound); drag to reorder."
        if column == Column.BASIS:
            return self._basis_sentences(entry.name, entry.text)
        if column in (Column.AREA, Column.SCORE):
            best = self.best_score(entry.id)
            if best is not None:
                return f"{HEADERS[column][1]}.\nHighest probability anywhere: {best:.2f}"
        return HEADERS[column][1]


def _percent(share: float | None) -> str:
    if share is None:
        return ""
    if share == 0:
        return "none"
    if share < 0.001:
        return "<0.1 %"
    return "100 %" if share >= 0.9995 else f"{100 * share:.1f} %"  # as wide as the column, and not wider

"""What comes out of a run: labels, and how sure they are."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.prompt_class import BACKGROUND
from napari_cliptrase.classes.scores import ClassScores, sampling
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cliptrase.scoring import grid_probabilities
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.score import ScoredGrid


@dataclass(frozen=True)
class ClassSummary:
    """What was found of a class.

    Attributes
    ----------
    id, name
        Of the class; 0 and ``background`` for what belongs to none.
    pixels, area
        Its pixels, and their share of the image (0 to 1).
    mean_score
        Mean probability of the class in the patches of its pixels; None when it has no pixel, or no phrase.
    best_score
        Its highest probability anywhere, also where another class won; None without a phrase, or when it is absent.
    absence
        Why it is taken not to be in the image; None when it competes.
    """

    id: int
    name: str
    pixels: int
    area: float
    mean_score: float | None
    best_score: float | None
    absence: Absence | None = None


Standing = tuple[int, str, float]
"""Id, name and probability of a class at a place."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A label for each pixel of an image.

    Attributes
    ----------
    labels
        (H, W) integers: uint8, or uint16 when an id is above 255; 0 is background.
    classes
        What the labels mean.
    provenance
        How it was made, fit for JSON.
    notes
        What the user should know, one sentence each.
    scored
        The scores behind the labels.
    ids
        (classes + 1,) label of each class index of ``scored``.
    """

    labels: NDArray[np.integer]
    classes: ClassTable
    provenance: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...]
    scored: ScoredGrid = field(repr=False)
    ids: NDArray[np.uint16] = field(repr=False)

    @cached_property
    def scores(self) -> ClassScores:
        """Probability of each class on the patch grid (softmax over all phrases); computed on first use."""
        maps = grid_probabilities(self.scored.scores)
        maps[list(self.scored.absent)] = 0
        return ClassScores(tuple(int(i) for i in self.ids[: len(maps)]), maps, self.scored.shape)

    @property
    def absent(self) -> dict[int, Absence]:
        """Why classes, by their ids, are taken not to be in the image."""
        return {int(self.ids[index]): absence for index, absence in self.scored.absent.items()}

    @cached_property
    def margin(self) -> NDArray[np.float32]:
        """(H, W) uncertainty of each pixel: 1 - (p1 - p2), near 0 where one class is clear; computed on first use."""
        return np.zeros(self.scored.shape, np.float32) if self.scored.empty else self.scored.ranking.margin

    @property
    def uncertainty(self) -> float:
        """Mean of 1 - (p1 - p2) over the patches, 0 to 1; cheap beside `margin`, which looks at every pixel."""
        return 0.0 if self.scored.empty else 1 - float(self.scored.patch_lead().mean(dtype=np.float64))

    def summary(self) -> tuple[ClassSummary, ...]:
        """What was found of each class, in display order, and the background when it has pixels or phrases."""
        height, width = self.scores.maps.shape[1:]
        size = max(int(self.ids.max()), *self.classes.ids) + 1
        per_cell = _count_in_cells(self.labels, (height, width), size)
        entries = [(entry.id, entry.name) for entry in self.classes]
        if 0 in self.scores.ids or per_cell[0].any():
            entries.append((0, BACKGROUND))
        return tuple(self._summary_of(class_id, name, per_cell[class_id]) for class_id, name in entries)

    def at(self, y: int, x: int) -> tuple[Standing, Standing]:
        """Return best class and runner-up at a pixel with their probabilities, whatever the vote decided."""
        scores = self.scored.scores
        if self.scored.empty:
            return (0, BACKGROUND, 1.0), (0, BACKGROUND, 0.0)
        rows, columns = scores.logits.shape[1:]
        top, bottom, down = (axis[y] for axis in sampling(self.scored.shape[0], rows))
        left, right, along = (axis[x] for axis in sampling(self.scored.shape[1], columns))
        # one corner after the other, so that equal phrases stay equal to the last bit and the lower class comes first
        corners = (
            ((1 - down) * (1 - along), top, left),
            ((1 - down) * along, top, right),
            (down * (1 - along), bottom, left),
            (down * along, bottom, right),
        )
        weighted = [float(share) * scores.logits[:, row, column] for share, row, column in corners]
        logits = (weighted[0] + weighted[1] + weighted[2] + weighted[3]).double()
        log_probability = (scores.best_phrases(logits) - logits.logsumexp(0)).tolist()
        order = sorted(range(len(log_probability)), key=lambda index: -log_probability[index])[:2]
        first, *rest = ((*self._named(index), math.exp(log_probability[index])) for index in order)
        return first, rest[0] if rest else (first[0], first[1], 0.0)

    def _named(self, index: int) -> tuple[int, str]:
        class_id = int(self.ids[index])
        entry = self.classes.get(class_id)
        return class_id, entry.name if entry else BACKGROUND

    def _summary_of(self, class_id: int, name: str, per_cell: NDArray[np.int64]) -> ClassSummary:
        pixels = int(per_cell.sum())
        area = pixels / self.labels.size
        absence = self.absent.get(class_id)
        if class_id not in self.scores.ids or absence is not None:
            return ClassSummary(class_id, name, pixels, area, None, None, absence)
        scores = self.scores.of(class_id)
        mean = float((scores * per_cell).sum() / pixels) if pixels else None
        return ClassSummary(class_id, name, pixels, area, mean, float(scores.max()))


def _count_in_cells(labels: NDArray[np.integer], grid: tuple[int, int], values: int) -> NDArray[np.int64]:
    """(values, h, w) how many pixels of each value lie in each cell of a grid over the image."""
    height, width = labels.shape
    row = np.arange(height) * grid[0] // height
    column = np.arange(width) * grid[1] // width
    counts = np.zeros((values, *grid), np.int64)
    for cell_row in range(grid[0]):
        band = labels[row == cell_row]
        key = band.astype(np.intp) * grid[1] + column
        counts[:, cell_row] = np.bincount(key.ravel(), minlength=values * grid[1]).reshape(values, grid[1])
    return counts

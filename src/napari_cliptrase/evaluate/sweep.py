"""All combinations of settings on the same images: which of them is best, and by how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

from napari_cliptrase.cliptrase.options import Absent, Denoise, Recovery, Vote
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.evaluate.evaluation import EvaluatedRow, EvaluationResult
from napari_cliptrase.evaluate.evaluation_rows import EvaluationRow, Vocabulary

AXES: Final = ("recovery", "denoise", "vote", "absent", "resolution", "eps")
_INDIFFERENT: Final = "–"


@dataclass(frozen=True)
class SweepAxes:
    """The values of each setting that are combined; an ``eps`` of None follows the number of patches."""

    recovery: tuple[Recovery, ...]
    denoise: tuple[Denoise, ...]
    vote: tuple[Vote, ...]
    absent: tuple[Absent, ...]
    resolution: tuple[int, ...]
    eps: tuple[float | None, ...]

    def points(self) -> Iterator["SweepPoint"]:
        """Yield all combinations that differ: without a vote there are no regions to denoise or to find."""
        seen = set()
        for values in product(self.recovery, self.denoise, self.vote, self.absent, self.resolution, self.eps):
            point = SweepPoint(*values)
            if point.name not in seen:
                seen.add(point.name)
                yield point


@dataclass(frozen=True)
class SweepPoint:
    """One combination of settings."""

    recovery: Recovery
    denoise: Denoise
    vote: Vote
    absent: Absent
    resolution: int
    eps: float | None

    @property
    def cells(self) -> tuple[str, ...]:
        """Its values as texts, in the order of `AXES`; a dash where a value makes no difference."""
        by_region = self.vote is not Vote.OFF
        return (
            str(self.recovery),
            str(self.denoise) if by_region else _INDIFFERENT,
            str(self.vote),
            str(self.absent),
            str(self.resolution),
            ("auto" if self.eps is None else f"{self.eps:g}") if by_region else _INDIFFERENT,
        )

    @property
    def name(self) -> str:
        """Its name as a line of the evaluation."""
        return ", ".join(self.cells)

    def applied(self, settings: Settings) -> Settings:
        """Return settings with these values; the usual threshold of the test for absent classes holds."""
        return replace(
            settings,
            recovery=self.recovery,
            denoise=self.denoise,
            vote=self.vote,
            absent=self.absent,
            absent_threshold=None,
            resolution=self.resolution,
            eps=self.eps,
        )


def sweep_rows(points: Sequence[SweepPoint], settings: Settings, vocabulary: Vocabulary) -> tuple[EvaluationRow, ...]:
    """Return a line for each combination, those that share an encoding one after the other."""
    return tuple(EvaluationRow(point.name, point.applied(settings), vocabulary) for point in points)


@dataclass(frozen=True, eq=False)
class SweepTable:
    """A sweep in words and numbers, the best combination first."""

    title: str
    points: Sequence[SweepPoint]
    result: EvaluationResult

    def ranked(self) -> list[tuple[SweepPoint, EvaluatedRow]]:
        """Combinations with what they reached, the highest mean IoU first."""
        by_name = {point.name: point for point in self.points}
        rows = [(by_name[row.name], row) for row in self.result.rows]
        return sorted(rows, key=lambda entry: -entry[1].interval.score)

    def markdown(self) -> str:
        """The table as Markdown."""
        head = [*AXES, "mIoU", "95 %", "pAcc", "boundary IoU"]
        lines = [f"# {self.title}", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(AXES)}{' --: |' * 4}"]
        for point, row in self.ranked():
            scores, sure = row.field_scores, row.interval
            figures = [
                f"{sure.score:.2f}",
                f"{sure.low:.1f} to {sure.high:.1f}",
                f"{100 * scores.pixel_accuracy:.2f}",
                f"{100 * row.counts.mean_boundary_iou:.1f}",
            ]
            lines.append(f"| {' | '.join([*point.cells, *figures])} |")
        failed = [f"- {name} could not be scored: {reason}" for name, reason in self.result.failures.items()]
        return "\n".join([*lines, *([""] if failed else []), *failed]) + "\n"

    def as_json(self) -> dict[str, Any]:
        """The table for a program, shares from 0 to 1; None where a value makes no difference."""
        return {
            "title": self.title,
            "rows": [self._data(point, row) for point, row in self.ranked()],
            "failures": self.result.failures,
        }

    def _data(self, point: SweepPoint, row: EvaluatedRow) -> dict[str, Any]:
        scores, sure = row.field_scores, row.interval
        values = (str(point.recovery), str(point.denoise), str(point.vote), str(point.absent), point.resolution)
        settings = dict(zip(AXES, (*values, "auto" if point.eps is None else point.eps), strict=True))
        indifferent = [axis for axis, cell in zip(AXES, point.cells, strict=True) if cell == _INDIFFERENT]
        return {
            **settings,
            **dict.fromkeys(indifferent),
            "images": row.counts.images,
            "mIoU": scores.mean_iou,
            "mIoU_interval": [sure.low / 100, sure.high / 100],
            "pAcc": scores.pixel_accuracy,
            "boundary_iou": row.counts.mean_boundary_iou,
        }

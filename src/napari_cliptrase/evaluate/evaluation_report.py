"""An evaluation as a table for people (Markdown, HTML) and as data for programs (JSON)."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_cliptrase.evaluate.benchmark_scores import BenchmarkScores
from napari_cliptrase.evaluate.confusion import ratio
from napari_cliptrase.evaluate.evaluation import EvaluatedRow, EvaluationResult
from napari_cliptrase.masks.loss_report import count_text

SCORE_COLUMNS: Final[Mapping[str, str]] = {
    "pAcc": "pixel_accuracy",
    "mAcc": "mean_accuracy",
    "fwIoU": "frequency_weighted_iou",
    "mIoU": "mean_iou",
}
_MOST_NAMED: Final = 20
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:.25em .7em;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
)


@dataclass(frozen=True)
class EvaluationReport:
    """A result in words and numbers.

    Attributes
    ----------
    title
        What was scored and how, for people.
    result
        The table.
    as_published
        Scores are those of the published code of CLIPtrase instead of the field's.
    published
        Figures in percent that others have published, by the name of the line.
    notes
        What a user should know, one sentence each.
    appendix
        Text that follows the table on a terminal.
    """

    title: str
    result: EvaluationResult
    as_published: bool = False
    published: Mapping[str, Mapping[str, float]] | None = None
    notes: Sequence[str] = ()
    appendix: str = ""

    def scores(self, row: EvaluatedRow) -> BenchmarkScores:
        """The four figures of a line."""
        return row.published_scores if self.as_published else row.field_scores

    def table(self) -> list[list[str]]:
        """The table as cells, its head first."""
        head = ["method", "images", *SCORE_COLUMNS, "95 % of mIoU", "boundary IoU", "published mIoU"]
        lines = [head, *(self._line(row) for row in self.result.rows)]
        if not any(line[-1] for line in lines[1:]):
            lines = [line[:-1] for line in lines]
        return lines

    def remarks(self) -> list[str]:
        """What is to be said beside the table: notes, what was not scored, and why."""
        result = self.result
        said = list(self.notes)
        if result.left_out:
            said.append(f"Without a class in the scored square, so left out: {count_text(result.left_out, 'image')}.")
        if result.failures:
            said.append(f"{count_text(len(result.failures), 'image')} could not be scored:")
            shown = list(result.failures.items())[:_MOST_NAMED]
            said += [f"{name}: {reason}" for name, reason in shown]
            if len(result.failures) > len(shown):
                said.append(f"… and {len(result.failures) - len(shown):,} more, which the JSON file names.")
        beyond = result.rows[0].counts.beyond if result.rows else {}
        for number, (pixels, images) in sorted(beyond.items()):
            said.append(
                f"No class has the number {number}, so not scored: {count_text(pixels, 'pixel')} "
                f"in {count_text(images, 'mask')}."
            )
        return said

    def markdown(self) -> str:
        """The report as Markdown."""
        head, *lines = self.table()
        rule = ["---", *["--:"] * (len(head) - 1)]
        rows = [f"| {' | '.join(cells)} |" for cells in (head, rule, *lines)]
        remarks = [f"- {remark}" for remark in self.remarks()]
        return "\n".join([f"# {self.title}", "", *rows, "", *remarks]).rstrip() + "\n"

    def text(self) -> str:
        """The table for a terminal."""
        lines = self.table()
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        aligned = [
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
            for line in lines
        ]
        return "\n".join("  ".join(line).rstrip() for line in aligned)

    def page(self) -> str:
        """The report as an HTML page, with the IoU of each class."""
        head, *lines = self.table()
        by_class = [["class", *(row.name for row in self.result.rows)], *self._by_class()]
        remarks = "".join(f"<li>{html.escape(remark)}</li>" for remark in self.remarks())
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(self.title)}</title>'
            f"<style>{_STYLE}</style></head><body><h1>{html.escape(self.title)}</h1>{_html_table(head, lines)}"
            f"<ul>{remarks}</ul><h2>IoU of each class</h2>{_html_table(by_class[0], by_class[1:])}</body></html>\n"
        )

    def as_json(self) -> dict[str, Any]:
        """The report for a program; shares from 0 to 1, None for a class that occurs nowhere."""
        return {
            "title": self.title,
            "scored_as": "published" if self.as_published else "field",
            "rows": {row.name: self._data(row) for row in self.result.rows},
            "failures": self.result.failures,
            "left_out": self.result.left_out,
            "notes": list(self.notes),
        }

    def _line(self, row: EvaluatedRow) -> list[str]:
        scores = self.scores(row)
        figures = [f"{100 * getattr(scores, name):.2f}" for name in SCORE_COLUMNS.values()]
        published = (self.published or {}).get(row.name, {}).get("mIoU")
        return [
            row.name,
            f"{row.counts.images}",
            *figures,
            f"{row.interval.low:.1f} to {row.interval.high:.1f}",
            f"{100 * row.counts.mean_boundary_iou:.1f}",
            "" if published is None else f"{published:.2f}",
        ]

    def _by_class(self) -> list[list[str]]:
        if not self.result.rows:
            return []
        names = self.result.rows[0].counts.names
        ious = [_iou(row) for row in self.result.rows]
        return [
            [name, *("" if np.isnan(iou[i]) else f"{100 * iou[i]:.1f}" for iou in ious)] for i, name in enumerate(names)
        ]

    def _data(self, row: EvaluatedRow) -> dict[str, Any]:
        scores, counts = self.scores(row), row.counts
        names = counts.names
        boundary = counts.boundary.iou[: len(names)]
        return {
            "images": counts.images,
            **{figure: getattr(scores, name) for figure, name in SCORE_COLUMNS.items()},
            "mIoU_interval": [row.interval.low / 100, row.interval.high / 100],
            "boundary_iou": counts.mean_boundary_iou,
            "iou_by_class": dict(zip(names, _plain(_iou(row)), strict=True)),
            "boundary_iou_by_class": dict(zip(names, _plain(boundary), strict=True)),
            "published": dict((self.published or {}).get(row.name, {})),
            "numbers_beyond_the_classes": {
                str(number): {"pixels": pixels, "images": images} for number, (pixels, images) in counts.beyond.items()
            },
        }


def _iou(row: EvaluatedRow) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    counts = row.counts.by_class
    return ratio(counts.hit, counts.true + counts.found - counts.hit)


def _plain(values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _html_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [f"<tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>"]
    rows += [f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in line)}</tr>" for line in lines]
    return f"<table>{''.join(rows)}</table>"

"""Every recovery with and without the tests for absent classes, by short and long lists of names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from napari_cliptrase.cliptrase.options import Absent, Recovery
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.evaluate.evaluation import EvaluationResult
from napari_cliptrase.evaluate.evaluation_rows import EvaluationRow
from napari_cliptrase.evaluate.intervals import Interval
from napari_cliptrase.evaluate.word_lists import WordList

TESTS: Final[Mapping[str, tuple[Absent, float | None]]] = {
    "off": (Absent.OFF, None),
    "purify 0.05": (Absent.PURIFY, 0.05),
    "peak 0.3": (Absent.PEAK, 0.3),
}


def list_rows(recoveries: Sequence[Recovery]) -> tuple[EvaluationRow, ...]:
    """Return a line for each recovery, list and test, under our defaults."""
    vocabularies = {words: words.vocabulary for words in WordList}
    return tuple(
        EvaluationRow(
            _name(recovery, words, test),
            replace(Settings(recovery=recovery), absent=absent, absent_threshold=least),
            vocabularies[words],
        )
        for recovery in recoveries
        for words in WordList
        for test, (absent, least) in TESTS.items()
    )


def lists_table(result: EvaluationResult, recoveries: Sequence[Recovery]) -> str:
    """Markdown: a row for each recovery and list, a column for each test; mean IoU with 95 % intervals."""
    found: Mapping[str, Interval] = {row.name: row.interval for row in result.rows}
    lines = [f"| recovery | names | {' | '.join(TESTS)} |", "| --- | --- |" + " --- |" * len(TESTS)]
    for recovery in recoveries:
        for words in WordList:
            cells = [str(found[_name(recovery, words, test)]) for test in TESTS]
            lines.append(f"| `{recovery}` | {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _name(recovery: Recovery, words: WordList, test: str) -> str:
    return f"{recovery} {words} {test}"

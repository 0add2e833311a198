"""Every recovery with and without the tests for absent classes, by short and long lists of names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from napari_cliptrase.cliptrase.options import Absent, Recovery
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.evaluate.evaluation import EvaluationResult
from napari_cliptrase.evaluate.evaluation_rows import EvaluationRow
from napari_cliptrase.evaluate.intervals import Interval
from napari_cliptrase.evaluate.word_lists import WordList

TESTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "off": {"absent": Absent.OFF},
    "purify, first test": {"absent": Absent.PURIFY, "ambiguity": 1.0},
    "purify": {"absent": Absent.PURIFY},
    "purify, ambiguity 0.8": {"absent": Absent.PURIFY, "ambiguity": 0.8},
    "peak": {"absent": Absent.PEAK},
}


def list_rows(recoveries: Sequence[Recovery]) -> tuple[EvaluationRow, ...]:
    """Return a line for each recovery, list and test, under our defaults."""
    vocabularies = {words: words.vocabulary for words in WordList}
    return tuple(
        EvaluationRow(
            _name(recovery, words, test),
            replace(Settings(recovery=recovery), **changes),
            vocabularies[words],
        )
        for recovery in recoveries
        for words in WordList
        for test, changes in TESTS.items()
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

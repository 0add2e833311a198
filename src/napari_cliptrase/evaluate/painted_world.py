"""The painted world as a benchmark: step by step through the method, and its peers, on scenes that no training saw."""

from collections.abc import Sequence

from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.evaluate.evaluation import EvaluatedRow
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol, EvaluationRow, rows_of
from napari_cliptrase.evaluate.word_lists import WordList


def scene_rows(
    methods: Sequence[str], protocol: EvaluationProtocol, size: int, words: WordList
) -> tuple[EvaluationRow, ...]:
    """Return the lines of methods on painted scenes."""
    return rows_of(methods, protocol.settings(size), words.vocabulary)


def mistakes_table(row: EvaluatedRow, count: int = 5) -> str:
    """The most frequent mistakes of a line, in percent of the true class."""
    names = (*row.counts.names, "nothing")
    lines = [f"most frequent mistakes of {row.name}, in percent of the true class:"]
    found = Confusion(names, row.counts.pixels).mistakes(count)
    lines += [f"  {true} taken for {taken}: {100 * share:.1f}" for true, taken, share in found]
    return "\n".join(lines)

import time

import pytest

from napari_cliptrase.timing import interleaved


def test_ways_take_turns_and_change_order():
    calls = []
    interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"


def test_medians_are_of_each_way():
    seconds = interleaved({"short": lambda: None, "long": lambda: time.sleep(0.02)}, rounds=3)
    assert seconds["long"] >= 0.02 > seconds["short"]
    assert seconds["long"] == pytest.approx(0.02, abs=0.2)


def test_another_summary():
    pauses = iter([0, 0.03, 0.001, 0.03])
    seconds = interleaved({"pause": lambda: time.sleep(next(pauses))}, rounds=3, summary=min)
    assert 0.001 <= seconds["pause"] < 0.03

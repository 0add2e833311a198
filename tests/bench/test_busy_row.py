from contextlib import contextmanager

import pytest

from napari_cliptrase.bench import busy_row as busy
from napari_cliptrase.bench.random_model import BenchModel


def test_both_states_are_measured_in_turn(monkeypatch):
    told = []

    @contextmanager
    def others(count):
        told.append(count)
        yield

    monkeypatch.setattr(busy, "other_programs", others)
    row = busy.busy_row(BenchModel.random(), 64, rounds=2)
    assert told == [busy.available_cores()] * 2
    assert row.figure == pytest.approx(row.ours / row.theirs)


def test_the_other_programs_end_with_the_block():
    with pytest.raises(KeyError), busy.other_programs(2):
        raise KeyError
    with busy.other_programs(1):
        pass

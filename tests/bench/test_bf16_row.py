from napari_cliptrase.bench import bf16_row as bf16
from napari_cliptrase.bench.random_model import BenchModel


def test_a_processor_without_bfloat16_has_no_row(monkeypatch):
    monkeypatch.setattr(bf16, "has_bfloat16", lambda: False)
    assert bf16.bf16_row(BenchModel.random(), 64, rounds=1) is None


def test_half_the_bits_are_compared_with_the_same_weights(monkeypatch):
    monkeypatch.setattr(bf16, "has_bfloat16", lambda: True)
    model = BenchModel.random()
    row = bf16.bf16_row(model, 64, rounds=1)
    assert row is not None
    assert row.theirs is not None
    assert row.figure == row.ours / row.theirs
    assert 0.99 < float(row.note.rsplit(" ", 1)[1]) < 1
    assert next(model.module.visual.parameters()).element_size() == 4

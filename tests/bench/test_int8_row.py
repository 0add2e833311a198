from napari_cliptrase.bench.int8_row import int8_row
from napari_cliptrase.bench.random_model import BenchModel


def test_it_compares_both_precisions_of_the_same_weights():
    row = int8_row(BenchModel.random(), 64, rounds=1)
    assert row.name == "encode 64×64 in int8"
    assert row.theirs is not None
    assert row.figure == row.ours / row.theirs
    alike = float(row.note.rsplit(" ", 1)[1])
    assert 0.99 < alike < 1

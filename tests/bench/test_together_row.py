from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.bench.together_row import together_row


def test_windows_in_one_pass_are_compared_with_the_same_windows_one_by_one():
    row = together_row(BenchModel.random(), 64, rounds=1)
    assert row.theirs is not None
    assert row.figure == row.ours / row.theirs
    assert float(row.note.rsplit(" ", 1)[1]) < 1e-5

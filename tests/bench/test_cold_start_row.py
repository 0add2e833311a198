import pytest

from napari_cliptrase.bench.cold_start_row import cold_start_row


@pytest.mark.slow
def test_a_command_is_run_to_its_mask_in_a_fresh_process():
    row = cold_start_row(1)
    assert row.ours > 0.1
    assert row.theirs is not None
    assert row.figure == pytest.approx(row.ours / row.theirs)

import sys

import pytest

from napari_cliptrase.bench.memory_row import memory_row


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's peak in the same way")
def test_many_classes_on_a_large_image_take_little_memory():
    row = memory_row()
    assert row is not None
    assert row.reached, f"{row.ours:.0f} MB"
    assert 0 < row.ours < row.theirs / 4

import numpy as np
import pytest

from napari_cliptrase.plugin.layers.row_bands import PIXELS, row_bands


@pytest.mark.parametrize("shape", [(1, 1), (1000, 1200), (7, PIXELS + 1), (0, 5), (5, 0)])
def test_bands_cover_each_row_once_from_the_top(shape):
    seen = np.zeros(shape[0], int)
    starts = []
    for rows in row_bands(shape):
        seen[rows] += 1
        starts.append(rows.start)
        assert (rows.stop - rows.start) * shape[1] <= PIXELS or rows.stop - rows.start == 1
    assert (seen == 1).all()
    assert starts == sorted(starts)

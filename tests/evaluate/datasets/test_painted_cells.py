import numpy as np
import pytest

from napari_cliptrase.evaluate.datasets.painted_cells import PaintedCells
from napari_cliptrase.evaluate.held_out import SeedError


def test_slices_of_stacks_are_gray_pictures_with_bright_nuclei():
    cells = PaintedCells(0, 11)
    names = cells.names()
    assert names[0] == "stack 0 slice 3"
    assert names[-1] == "stack 1 slice 3"
    image = cells.read(names[1])
    assert image.rgb.shape == (*image.truth.shape, 3)
    assert set(np.unique(image.truth)) == {0, 1}
    assert image.rgb[image.truth == 0].mean() > 2 * image.rgb[image.truth == 1].mean()
    assert (cells.read(names[-1]).truth != cells.read(names[0]).truth).any()


def test_stacks_that_chose_the_models_are_refused():
    with pytest.raises(SeedError):
        PaintedCells(899_999, 11)

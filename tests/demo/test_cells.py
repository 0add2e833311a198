import numpy as np

from napari_cliptrase.demo.cells import fluorescence, paint_cells
from napari_cliptrase.demo.world import paint_scene


def test_nuclei_glow_in_the_first_channel_and_membranes_in_the_second():
    stack = paint_cells(0, (128, 128), depth=8, count=15)
    assert stack.channels.shape == (2, 8, 128, 128)
    assert stack.channels.dtype == np.uint16
    inside, outside = stack.nuclei > 0, stack.nuclei == 0
    assert stack.channels[0][inside].mean() > 3 * stack.channels[0][outside].mean()
    assert stack.channels[1][inside].mean() < stack.channels[0][inside].mean() / 2
    assert len(np.unique(stack.nuclei)) > 10


def test_cells_are_the_same_for_the_same_seed():
    assert np.array_equal(paint_cells(3, (64, 64), 4, 5).channels, paint_cells(3, (64, 64), 4, 5).channels)


def test_a_dim_picture_keeps_its_order_of_light():
    image = paint_scene(0, (96, 96)).image
    dim = fluorescence(image)
    assert dim.shape == (96, 96)
    assert dim.dtype == np.uint16
    assert dim.max() < 8000
    assert np.corrcoef(dim.ravel(), image.mean(-1).ravel())[0, 1] > 0.95

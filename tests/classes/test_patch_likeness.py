import numpy as np

from napari_cliptrase.classes.patch_likeness import PatchLikeness


def test_a_window_knows_its_patches():
    window = PatchLikeness(slice(2, 5), slice(1, 3), np.ones((6, 6), np.float32))
    assert window.grid == (3, 2)

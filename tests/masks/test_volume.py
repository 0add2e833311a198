import numpy as np

from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.volume import volume


def test_a_plane_is_a_volume_of_one_slice_in_millimetres():
    mask = LabelImage(np.arange(6).reshape(2, 3), scale=(500.0, 250.0), units=("micrometer",) * 2, origin=(1e3, 0.0))
    data, sizes, origin = volume(mask)
    assert (data.shape, data.dtype) == ((3, 2, 1), np.uint8)
    assert (sizes, origin) == ([0.25, 0.5, 1.0], [0.0, 1.0, 0.0])


def test_pixels_stay_pixels_when_their_size_is_not_known():
    data, sizes, origin = volume(LabelImage(np.zeros((2, 3, 4), np.uint8), scale=(3.0, 2.0, 1.0), axes="ZYX"))
    assert (data.shape, sizes, origin) == ((4, 3, 2), [1.0, 2.0, 3.0], [0.0, 0.0, 0.0])

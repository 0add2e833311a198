import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.plugin.layers.file_image import image_layer, layer_shape


@pytest.fixture
def stack(tmp_path):
    path = tmp_path / "stack.tif"
    pixels = np.full((3, 20, 30), 1000, np.uint16)
    pixels[:, 5] = 3000
    tifffile.imwrite(path, pixels, metadata={"axes": "ZYX"}, ome=False, imagej=True)
    return path


def test_a_picture_lies_upright_and_knows_its_file(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(path)
    layer = image_layer(read_image(path), str(path), "a")
    assert (layer.name, layer.rgb, layer.source.path) == ("a", True, str(path))
    assert layer.axis_labels == ("y", "x")
    assert layer_shape(read_image(path)) == layer.data.shape[:2] == (20, 30)


def test_a_stack_has_named_axes_and_contrast_of_its_own(stack):
    image = read_image(stack)
    layer = image_layer(image, str(stack), "stack")
    assert layer.axis_labels == ("z", "y", "x")
    assert layer_shape(image) == layer.data.shape
    low, high = layer.contrast_limits
    assert 1000 <= low < high <= 3000

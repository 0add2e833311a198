import json

import numpy as np
import pytest

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.zarr_image import image_in


def image(tmp_path, shape=(3, 4, 5), axes="cyx"):
    (tmp_path / "0").mkdir(exist_ok=True)
    (tmp_path / "0/.zarray").write_text(json.dumps({"shape": shape}))
    scale = [{"type": "scale", "scale": [1.0, 0.5, 0.25][-len(shape) :]}]
    named = [{"name": axis, "unit": "micrometer"} if axis != "c" else {"name": axis} for axis in axes]
    return {"multiscales": [{"axes": named, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]}


def test_labels_share_all_axes_of_their_image_but_the_channels(tmp_path):
    found = image_in(tmp_path, image(tmp_path), LabelImage(np.zeros((4, 5), np.uint8)))
    assert (found.levels[0].shape, found.levels[0].scale, found.units) == ((4, 5), (0.5, 0.25), ("micrometer",) * 2)


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (LabelImage(np.zeros((4, 6), np.uint8)), r"shape \(4, 6\), but the image in .* has \(4, 5\)"),
        (LabelImage(np.zeros((2, 4, 5), np.uint8), axes="ZYX"), "axes ZYX, but the image in .* has CYX"),
    ],
)
def test_an_image_of_another_shape_is_refused(mask, says, tmp_path):
    with pytest.raises(MaskFormatError, match=says):
        image_in(tmp_path, image(tmp_path), mask)


def test_a_level_that_is_missing_is_named(tmp_path):
    data = image(tmp_path)
    (tmp_path / "0/.zarray").unlink()
    with pytest.raises(MaskFormatError, match="is not a zarr array"):
        image_in(tmp_path, data, LabelImage(np.zeros((4, 5), np.uint8)))


@pytest.mark.parametrize("path", ["../0", "/0", "a\n0", "a\x00", None])
def test_levels_lie_within_the_image(path, tmp_path):
    data = image(tmp_path)
    data["multiscales"][0]["datasets"][0]["path"] = path
    with pytest.raises(ValueError, match="as a part of itself"):
        image_in(tmp_path, data, LabelImage(np.zeros((4, 5), np.uint8)))

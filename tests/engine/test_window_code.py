"""A window in little memory."""

import numpy as np
import pytest

from napari_cliptrase import Settings, load_model
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.core_plan import plan_large
from napari_cliptrase.engine.window_code import WindowCode, encode_window, make_code

SETTINGS = Settings(detail="full", window=128)


@pytest.fixture(scope="module")
def code():
    model = load_model("demo", device="cpu")
    plan = plan_large((304, 304), model.vision.patch, SETTINGS)
    pixels = paint_scene(4, (128, 128)).image
    return make_code(encode_window(model, pixels, SETTINGS), SETTINGS, plan.windows, 0, plan.shape)


def test_a_window_holds_features_and_the_regions_of_its_core(code):
    assert code.features.shape[:2] == (8, 8)
    norms = np.linalg.norm(code.features.astype(np.float32), axis=2)
    np.testing.assert_allclose(norms, 1, atol=0.01)
    assert code.regions.shape == (80, 80)
    assert code.regions.dtype == np.uint8
    assert code.region_map().min() >= -1
    assert code.nbytes < 128 * 128 * 3


def test_a_window_comes_back_from_its_bytes(code):
    again = WindowCode.from_bytes(code.to_bytes())
    for name in ("features", "cls", "regions"):
        np.testing.assert_array_equal(getattr(again, name), getattr(code, name))


@pytest.mark.parametrize(("at", "value"), [(8, 1), (10, 99)], ids=["encrypted", "packed in an unknown way"])
def test_an_entry_that_cannot_be_unpacked_is_refused(code, at, value):
    data = bytearray(code.to_bytes())
    data[data.index(b"PK\x01\x02") + at] = value
    with pytest.raises(ValueError, match="not an encoded window"):
        WindowCode.from_bytes(bytes(data))


def test_half_a_file_is_refused(code):
    with pytest.raises(ValueError, match="not an encoded window"):
        WindowCode.from_bytes(code.to_bytes()[:400])

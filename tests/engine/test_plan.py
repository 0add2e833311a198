"""What encoding an image takes is known before it starts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase import Segmenter, Settings, load_model
from napari_cliptrase.engine import plan as module
from napari_cliptrase.engine.plan import check_memory, plan_encoding
from napari_cliptrase.errors import CliptraseError

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
QUICK = Settings(resolution=96)
WINDOWED = Settings(resolution=192, window=96)


@pytest.fixture(scope="module")
def model():
    return load_model(f"local-dir:{GOLDEN / 'toyclip'}", device="cpu")


@pytest.mark.parametrize(("settings", "windows"), [(QUICK, "1 window"), (WINDOWED, "12 windows")])
def test_the_plan_is_reported_in_words(model, settings, windows):
    plan = plan_encoding((180, 220), model.vision, settings)
    (height, width), (rows, columns) = plan.working.size, plan.working.grid
    assert min(height, width) == settings.resolution
    assert (height, width) == (rows * model.vision.patch, columns * model.vision.patch)
    assert plan.describe() == f"{width}×{height} pixels, {columns}×{rows} patches, {windows}"


@pytest.mark.parametrize("settings", [QUICK, WINDOWED])
def test_what_the_encoding_will_hold_is_what_it_holds(model, settings):
    plan = plan_encoding((180, 220), model.vision, settings)
    encoding = Segmenter(model, settings, text_caches=()).encode(np.zeros((180, 220, 3), np.uint8))
    assert plan.encoding_bytes == pytest.approx(encoding.nbytes, rel=0.02)
    assert plan.peak_bytes > plan.encoding_bytes


def test_a_cropped_image_is_one_window_whatever_its_size(model):
    plan = plan_encoding((180, 2200), model.vision, replace(WINDOWED, crop=True))
    assert len(plan.windows) == 1
    assert plan.working.size == (192, 192)


def test_small_windows_are_encoded_together(model):
    plan = plan_encoding((180, 1100), model.vision, WINDOWED)
    assert 1 < plan.batch <= len(plan.windows)
    patches = plan.windows.size[0] * plan.windows.size[1]
    assert plan.batch * patches <= 1024


def test_more_memory_than_is_free_is_refused_before_the_work(model, monkeypatch):
    plan = plan_encoding((180, 220), model.vision, QUICK)
    monkeypatch.setattr(module, "free_memory", lambda: plan.peak_bytes - 1)
    with pytest.raises(CliptraseError, match=r"needs about 0\.\d GB and 0\.\d GB are free; choose a coarser detail"):
        check_memory(plan)
    for free in (plan.peak_bytes, None):
        monkeypatch.setattr(module, "free_memory", lambda free=free: free)
        check_memory(plan)

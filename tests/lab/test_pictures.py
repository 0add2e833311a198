from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.evaluate.held_out import FIRST_VALIDATION_SEED
from napari_cliptrase.lab.pictures import FIRST_CLIP_TRAINING_SEED, Pictures, cut, paint_pictures


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    assert list(paint_pictures(folder, "portraits", 4))[-1].done == 4
    return folder


def test_training_begins_behind_all_scenes_that_are_scored(portraits: Path):
    assert FIRST_CLIP_TRAINING_SEED > FIRST_VALIDATION_SEED


def test_pictures_are_painted_once(portraits: Path):
    before = (portraits / "portraits-images.npy").stat().st_mtime_ns
    assert list(paint_pictures(portraits, "portraits", 4)) == []
    assert (portraits / "portraits-images.npy").stat().st_mtime_ns == before


def test_a_crop_knows_what_it_shows(portraits: Path):
    pictures = Pictures.open(portraits, "portraits")
    assert len(pictures) == 4
    crops = cut(pictures, 12, 100, np.random.default_rng(0))
    assert crops.images.shape == (12, 100, 100, 3)
    assert np.allclose(crops.shares.sum((1, 2)), 1)  # every pixel belongs to an element
    assert not crops.shares[:, 0].any()
    assert crops.counts.shape == (12, 1 + len(NAMES))
    assert np.allclose((crops.frames[:, 2:] - crops.frames[:, :2]), 100 / 160)

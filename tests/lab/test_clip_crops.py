import numpy as np
import pytest
import torch

from napari_cliptrase.lab.clip_crops import draw_batch
from napari_cliptrase.lab.pictures import Pictures, paint_pictures


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    folder = tmp_path_factory.mktemp("pictures")
    for _ in paint_pictures(folder, "portraits", 3):
        pass
    return Pictures.open(folder, "portraits")


def test_a_batch_has_one_size_and_the_facts_of_its_crops(pictures: Pictures):
    crops, images, frames = draw_batch([pictures], 64, 18, np.random.default_rng(1))
    assert images.shape == (18, 3, 64, 64)
    assert frames.shape == (18, 4)
    assert len(crops.shares) == len(crops.counts) == len(crops.frames) == 18
    assert float(images.abs().max()) < 5  # normalised, not bytes
    assert len({round(float(side), 4) for side in crops.frames[:, 2] - crops.frames[:, 0]}) > 1


def test_frames_stay_in_the_picture_and_some_move(pictures: Pictures):
    crops, _, frames = draw_batch([pictures], 64, 32, np.random.default_rng(1))
    assert float(frames.min()) >= 0
    assert float(frames.max()) <= 1
    moved = (torch.from_numpy(crops.frames) != frames).any(1)
    assert 0 < int(moved.sum()) < 32
    torch.testing.assert_close(frames[~moved], torch.from_numpy(crops.frames)[~moved])

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from napari_cliptrase.lab.clip_training import ClipRecipe, Stage, train_clip

TINY = ClipRecipe(
    pictures={"scenes": 6, "portraits": 6, "calm": 6},
    stages=(
        Stage(64, 8, 2, 1e-3, 1e-3),
        Stage(96, 8, 2, 1e-3, 1e-4, regions=1.0, extents=1.0, apart=True, kinds=("calm", "scenes")),
    ),
    warmup=1,
    validate_every=2,
    bfloat16=False,
    validation_scenes=1,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    progress = list(train_clip(folder, folder / "out", TINY))
    assert [p.done for p in progress[-4:]] == [1, 2, 3, 4]
    assert "validation mIoU" in progress[-1].text
    return folder


def test_an_interrupted_training_ends_with_the_same_weights(trained: Path, tmp_path: Path):
    for progress in train_clip(tmp_path, tmp_path / "out", TINY):
        if progress.total == 4 and progress.done == 3:
            break  # the checkpoint of step 2 is there, step 3 is lost
    assert not (tmp_path / "out").exists()
    steps = [p.done for p in train_clip(tmp_path, tmp_path / "out", TINY)]
    assert steps == [3, 4]
    whole = load_file(trained / "out" / "open_clip_model.safetensors")
    resumed = load_file(tmp_path / "out" / "open_clip_model.safetensors")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_another_recipe_starts_from_nothing(trained: Path):
    other = replace(TINY, decay=0.0, stages=(Stage(64, 8, 1, 1e-3, 1e-3),))
    assert [p.done for p in train_clip(trained, trained / "other", other)] == [1]

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from napari_cliptrase.demo.clip_training import (
    ClipRecipe,
    Stage,
    extent_loss,
    positions_in,
    presence_loss,
    region_loss,
    train_clip,
)

TINY = ClipRecipe(
    scenes=6,
    portraits=6,
    stages=(Stage(64, 8, 2, 1e-3, 1e-3), Stage(96, 8, 2, 1e-3, 1e-4, regions=1.0, extents=1.0, apart=True)),
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


def test_a_prompt_is_present_when_a_few_patches_show_it():
    prompts = torch.eye(3)
    patches = torch.eye(3)[[0, 0, 0, 0, 0, 0, 1, 1, 1, 1]][None]
    right = presence_loss(patches, prompts, torch.tensor([[1, 1, 0]]))
    wrong = presence_loss(patches, prompts, torch.tensor([[1, 0, 1]]))
    unsaid = presence_loss(patches, prompts, torch.tensor([[1, -1, 0]]))
    assert right < 1e-3 < wrong
    assert unsaid < 1e-3


def test_patches_that_show_the_same_are_brought_together():
    shares = torch.eye(2)[[0, 0, 1]][None]
    agreed = torch.tensor([[[1.0, 1, 0], [1, 1, 0], [0, 0, 1]]])
    assert region_loss(agreed, shares) < 1e-6
    assert region_loss(torch.ones(1, 3, 3), shares) > 0.3


def test_patches_cover_as_much_as_the_caption_says():
    prompts = torch.eye(3)
    patches = torch.eye(3)[[0, 0, 0, 0, 0, 0, 1, 1, 1, 1]][None]
    said, wrong = torch.tensor([[0.6, 0.4, 0.0]]), torch.tensor([[0.1, 0.2, 0.7]])
    least = -(said * said.clamp(min=1e-6).log()).sum()
    assert extent_loss(patches, prompts, said) == pytest.approx(float(least), abs=1e-3)
    assert extent_loss(patches, prompts, wrong) > 3


def test_positions_of_a_whole_picture_are_the_table_itself():
    table = torch.from_numpy(np.random.default_rng(0).normal(size=(1 + 14 * 14, 5)).astype(np.float32))
    whole = positions_in(table, torch.tensor([[0.0, 0.0, 1.0, 1.0]]), 14)
    corner = positions_in(table, torch.tensor([[0.5, 0.0, 1.0, 0.5]]), 7)
    assert torch.allclose(whole[0], table[1:], atol=1e-5)
    assert torch.allclose(corner[0].view(7, 7, 5), table[1:].view(14, 14, 5)[7:, :7], atol=1e-5)

import pytest
import torch

from napari_cliptrase.lab.clip_losses import extent_loss, presence_loss, region_loss


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
    output, wrong = torch.tensor([[0.6, 0.4, 0.0]]), torch.tensor([[0.1, 0.2, 0.7]])
    least = -(output * output.clamp(min=1e-6).log()).sum()
    assert extent_loss(patches, prompts, output) == pytest.approx(float(least), abs=1e-3)
    assert extent_loss(patches, prompts, wrong) > 3

import numpy as np
import torch
from torch.nn import functional as F

from napari_cliptrase.demo.clip_look import opinion, positions_in
from napari_cliptrase.demo.clip_model import new_model


def test_positions_of_a_whole_picture_are_the_table_itself():
    table = torch.from_numpy(np.random.default_rng(0).normal(size=(1 + 14 * 14, 5)).astype(np.float32))
    whole = positions_in(table, torch.tensor([[0.0, 0.0, 1.0, 1.0]]), 14)
    corner = positions_in(table, torch.tensor([[0.5, 0.0, 1.0, 0.5]]), 7)
    assert torch.allclose(whole[0], table[1:], atol=1e-5)
    assert torch.allclose(corner[0].view(7, 7, 5), table[1:].view(14, 14, 5)[7:, :7], atol=1e-5)


def test_a_second_look_never_names_what_the_caption_denies():
    torch.manual_seed(0)
    model = new_model(4).eval()
    prompts = F.normalize(torch.randn(5, 128), dim=-1)
    truth = torch.tensor([[1, 0, -1, 0, 0], [0, 1, 1, 0, -1]])
    frames = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.1, 0.9, 0.8]])
    found = opinion(model, torch.randn(2, 3, 96, 96), frames, prompts, truth, 20.0)
    assert found.shape == (2, 36, 5)
    assert torch.allclose(found.sum(-1), torch.ones(2, 36))
    assert torch.equal(found.sum(1) > 0, truth != 0)

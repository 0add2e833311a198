import numpy as np
import torch

from napari_cliptrase.lab.clip_look import positions_in


def test_positions_of_a_whole_picture_are_the_table_itself():
    table = torch.from_numpy(np.random.default_rng(0).normal(size=(1 + 14 * 14, 5)).astype(np.float32))
    whole = positions_in(table, torch.tensor([[0.0, 0.0, 1.0, 1.0]]), 14)
    corner = positions_in(table, torch.tensor([[0.5, 0.0, 1.0, 0.5]]), 7)
    assert torch.allclose(whole[0], table[1:], atol=1e-5)
    assert torch.allclose(corner[0].view(7, 7, 5), table[1:].view(14, 14, 5)[7:, :7], atol=1e-5)

import torch

from napari_cliptrase.cliptrase.denoise import affinity
from napari_cliptrase.cliptrase.options import Denoise

# class token first; patch 1 resembles the class token a lot, patch 2 a little
CORRELATION = torch.tensor([[1.0, 0.6, 0.1], [0.6, 1.0, 0.3], [0.1, 0.3, 1.0]])


def test_columns_are_lowered_by_how_global_their_patch_is():
    expected = torch.tensor([[0.4, 0.2], [0.0, 0.9]])  # 0.3 - 0.6 is cut at 0
    torch.testing.assert_close(affinity(CORRELATION), expected)


def test_nothing_is_lowered_without_denoising():
    for mode in (Denoise.NONE, Denoise.CLUSTER_REJECT):
        torch.testing.assert_close(affinity(CORRELATION, mode), CORRELATION[1:, 1:])
    assert affinity(-CORRELATION, Denoise.NONE).min() == 0


def test_a_batch_and_the_input_are_left_whole():
    batch = torch.stack([CORRELATION, CORRELATION.flip(0)])
    before = batch.clone()
    assert torch.equal(affinity(batch)[0], affinity(CORRELATION))
    assert torch.equal(batch, before)

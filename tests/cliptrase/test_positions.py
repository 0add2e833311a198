import weakref

import numpy as np
import pytest
import torch
from torch import nn

from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.cliptrase.positions import Positions, interpolate_positions

PAPER, CLEAN = PositionKernel.PAPER, PositionKernel.CLEAN


def ramp(h, w):
    """Positions that say where they are: (h*w, 2) row and column."""
    return torch.stack(torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"), -1).float().view(-1, 2)


@pytest.mark.parametrize("kernel", [PAPER, CLEAN])
def test_native_grid_is_left_alone(kernel):
    table = torch.randn(12, 5)
    assert interpolate_positions(table, (3, 4), (3, 4), kernel) is table


@pytest.mark.parametrize("kernel", [PAPER, CLEAN])
@pytest.mark.parametrize("grid", [(21, 21), (7, 28), (14, 30), (5, 3)])
def test_any_grid_keeps_rows_and_columns_apart(kernel, grid):
    stretched = interpolate_positions(ramp(14, 14), (14, 14), grid, kernel).view(*grid, 2)
    inner = stretched[1:-1, 1:-1]
    assert stretched.shape == (*grid, 2)
    assert (inner[1:, :, 0] > inner[:-1, :, 0]).all()
    assert (inner[:, 1:, 1] > inner[:, :-1, 1]).all()
    assert np.ptp(inner[:, :, 0].numpy(), axis=1).max() < 1e-3


def test_clean_kernel_is_centred_and_the_published_one_is_not():
    clean, paper = (interpolate_positions(ramp(14, 14), (14, 14), (21, 21), kernel) for kernel in (CLEAN, PAPER))
    assert clean.mean().item() == pytest.approx(6.5, abs=1e-4)
    # 0.1 of a patch in 21: sampling falls behind by 6.5 · 0.1/21.1 of a cell on average
    assert paper.mean().item() == pytest.approx(6.5 - 7 * 0.1 / 21.1, abs=5e-3)


def test_remembered_positions_follow_the_weights():
    table = nn.Parameter(torch.randn(17, 4))
    positions = Positions(table, (4, 4))
    with torch.inference_mode():
        before = positions.of((6, 6), CLEAN)
        assert positions.of((6, 6), CLEAN) is before
    with torch.no_grad():
        table.mul_(2)
    with torch.inference_mode():
        torch.testing.assert_close(positions.of((6, 6), CLEAN), 2 * before)


def test_kernels_are_not_mixed_up():
    positions = Positions(torch.randn(17, 4), (4, 4))
    with torch.no_grad():
        assert not torch.equal(positions.of((6, 6), CLEAN), positions.of((6, 6), PAPER))


def test_many_shapes_do_not_fill_the_memory():
    positions = Positions(torch.randn(17, 4), (4, 4))
    with torch.no_grad():
        made = [weakref.ref(positions.of((5, width), CLEAN)) for width in range(1, 60)]
    assert 1 <= sum(result() is not None for result in made) < 20


def test_gradients_reach_the_table_after_inference():
    table = nn.Parameter(torch.randn(17, 4))
    positions = Positions(table, (4, 4))
    with torch.inference_mode():
        positions.of((6, 6), CLEAN)
    positions.of((6, 6), CLEAN).square().sum().backward()
    assert table.grad is not None
    assert table.grad[1:].abs().min() > 0
    assert table.grad[0].abs().max() == 0

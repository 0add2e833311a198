import pytest
import torch

from napari_cliptrase.cliptrase.int8_weight import Int8Weight


@pytest.fixture
def weight():
    torch.manual_seed(0)
    return torch.randn(24, 64)


def test_a_rounded_weight_differs_by_half_a_step_at_most(weight):
    rounded = Int8Weight.rounded(weight)
    assert rounded.shape == weight.shape
    back = rounded.steps.t() * rounded.scale[:, None]
    assert ((back - weight).abs() <= rounded.scale[:, None] / 2 + 1e-6).all()


@pytest.mark.parametrize("shape", [(9, 64), (2, 9, 64)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_products_are_those_of_the_weight_but_for_the_rounding(weight, shape, with_bias):
    x, bias = torch.randn(shape), torch.randn(24) if with_bias else None
    exact = torch.nn.functional.linear(x, weight, bias)
    rounded = Int8Weight.rounded(weight).times(x, bias)
    assert rounded.shape == exact.shape
    assert (rounded - exact).abs().max() < 0.02 * exact.abs().max()


def test_whole_steps_are_exact():
    torch.manual_seed(0)
    weight = torch.randint(-126, 127, (8, 16)).float()
    x = torch.randint(-126, 127, (5, 16)).float()
    weight[:, 0], x[:, 0] = 127, -127  # so that a step is 1
    assert torch.equal(Int8Weight.rounded(weight).times(x, None), x @ weight.t())


def test_a_row_of_zeros_and_a_row_of_large_values_do_not_disturb_their_neighbours(weight):
    x = torch.randn(3, 64)
    alone = Int8Weight.rounded(weight).times(x[1:2], None)
    x[0], x[2] = 0, 1e6 * x[2]
    together = Int8Weight.rounded(weight).times(x, None)
    assert torch.equal(together[0], torch.zeros(24))
    assert torch.equal(together[1:2], alone)
    assert torch.isfinite(together).all()


def test_some_outputs_alone_are_those_of_the_whole(weight):
    x = torch.randn(4, 64)
    whole = Int8Weight.rounded(weight)
    assert torch.equal(whole[8:].times(x, None), whole.times(x, None)[:, 8:])

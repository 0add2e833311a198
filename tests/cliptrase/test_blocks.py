import pytest
import torch
from open_clip.transformer import QuickGELU, ResidualAttentionBlock
from torch import nn

from napari_cliptrase.cliptrase.blocks import run_block
from napari_cliptrase.cliptrase.open_clip_vision import open_clip_block


@pytest.fixture(params=[(QuickGELU, None), (nn.GELU, None), (QuickGELU, 0.3), (nn.GELU, 0.3)], ids=str)
def block(request):
    activation, layer_scale = request.param
    torch.manual_seed(0)
    return ResidualAttentionBlock(32, 2, act_layer=activation, ls_init_value=layer_scale).eval()


def test_equals_open_clip(block):
    x = torch.randn(2, 9, 32)
    with torch.no_grad():
        expected = block(x)
        torch.testing.assert_close(run_block(open_clip_block(block), x.clone()), expected, rtol=1e-5, atol=1e-5)


def test_causal_equals_open_clip_with_its_mask(block):
    x = torch.randn(2, 9, 32)
    with torch.no_grad():
        expected = block(x, attn_mask=torch.full((9, 9), -torch.inf).triu(1))
        found = run_block(open_clip_block(block), x.clone(), causal=True)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_gradients_equal_those_of_open_clip(block):
    x = torch.randn(1, 5, 32, requires_grad=True)
    wanted = torch.autograd.grad(block(x).square().sum(), [x, *block.parameters()])
    found = torch.autograd.grad(run_block(open_clip_block(block), x).square().sum(), [x, *block.parameters()])
    for theirs, ours in zip(wanted, found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_input_survives_while_gradients_are_recorded(block):
    x = torch.randn(1, 5, 32)
    before = x.clone()
    run_block(open_clip_block(block), x)
    assert torch.equal(x, before)


def test_a_block_in_int8_gives_nearly_the_same_and_takes_the_same_inputs(block):
    x, whole = torch.randn(2, 9, 32), open_clip_block(block)
    rounded = whole.in_int8()
    assert rounded.in_int8().qkv.weight is rounded.qkv.weight
    assert rounded.qkv.dtype == whole.qkv.dtype == torch.float32
    with torch.inference_mode():
        exact, close = run_block(whole, x.clone()), run_block(rounded, x.clone())
    assert not torch.equal(exact, close)
    assert torch.nn.functional.cosine_similarity(exact, close, dim=-1).min() > 0.999

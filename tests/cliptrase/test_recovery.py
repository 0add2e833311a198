"""Each strategy against its equation, written out token by token."""

import math

import pytest
import torch
from torch.nn import functional as F

from napari_cliptrase.cliptrase.blocks import Heads
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.cliptrase.recovery import attention_weights, neighbourhood
from napari_cliptrase.cliptrase.towers import vision_tower

GRID = (3, 4)
OF_ONE_BLOCK = [recovery for recovery in Recovery if recovery is not Recovery.SC_CLIP]  # see test_sc_clip


def by_hand(visual, images, recovery):
    """Unit tokens (B, 1+hw, d) by open_clip's modules and the papers' equations."""
    x = visual.conv1(images).flatten(2).transpose(1, 2)
    x = torch.cat([visual.class_embedding.expand(len(x), 1, -1), x], 1) + visual.positional_embedding
    x = visual.ln_pre(x)
    *first, block = visual.transformer.resblocks
    for each in first:
        x = each(x)
    q, k, v = F.linear(block.ln_1(x), block.attn.in_proj_weight, block.attn.in_proj_bias).chunk(3, -1)
    q, k, v = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in (q, k, v))

    def weights(a, b, bias=0.0):
        return torch.softmax(a @ b.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias, dim=-1)

    gaussian = torch.zeros(13, 13)
    for i in range(12):
        for j in range(12):
            gaussian[1 + i, 1 + j] = math.exp(-((i // 4 - j // 4) ** 2 + (i % 4 - j % 4) ** 2) / (2 * 5.0**2))
    mix = {
        Recovery.CLIPTRASE: lambda: (weights(q, q) + weights(k, k) + weights(v, v)) @ v,
        Recovery.SCLIP: lambda: (weights(q, q) + weights(k, k)) @ v,
        Recovery.CLEARCLIP: lambda: weights(q, q) @ v,
        Recovery.NACLIP: lambda: weights(k, k, gaussian) @ v,
        Recovery.MASKCLIP: lambda: v,
        Recovery.VANILLA: lambda: weights(q, k) @ v,
    }[recovery]()
    out = block.attn.out_proj(mix.transpose(1, 2).flatten(2))
    if recovery in (Recovery.CLIPTRASE, Recovery.SCLIP, Recovery.VANILLA):
        out = x + out
        out = out + block.mlp(block.ln_2(out))
    return F.normalize(visual.ln_post(out) @ visual.proj, dim=-1)


@pytest.mark.parametrize("recovery", OF_ONE_BLOCK)
def test_equals_its_equation(make_clip, recovery):
    model = make_clip(image_size=(48, 64))
    images = torch.randn(2, 3, 48, 64)
    with torch.inference_mode():
        expected = by_hand(model.visual, images, recovery)
        found = encode(vision_tower(model), images, recovery=recovery)
    torch.testing.assert_close(torch.cat([found.cls[:, None], found.features], 1), expected, rtol=0, atol=1e-5)


def heads():
    generator = torch.Generator().manual_seed(0)
    return Heads(*(torch.randn(1, 2, 13, 8, generator=generator) for _ in range(3)))


@pytest.mark.parametrize("recovery", OF_ONE_BLOCK)
def test_attention_weights_are_shares(recovery):
    weights = attention_weights(heads(), GRID, recovery)
    assert weights.shape == (1, 2, 13, 13)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 2, 13))
    assert weights.min() >= 0


def test_neighbours_count_more_for_naclip():
    bias = neighbourhood(GRID, torch.zeros(1))
    assert bias[0].abs().max() == bias[:, 0].abs().max() == 0
    assert bias[1, 1] == 1 > bias[1, 2] > bias[1, 3]
    assert bias[1, 2] == bias[1, 5]  # right and below are equally far

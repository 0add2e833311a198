import pytest
import torch

from napari_cliptrase.cliptrase.attention import attention_by_layer, raw_attention
from napari_cliptrase.cliptrase.towers import vision_tower

IMAGE = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("layer", [0, 1, 2, -1, -3])
def test_raw_attention_is_the_models_own(clip, layer):
    found = raw_attention(vision_tower(clip), IMAGE, layer)
    with torch.inference_mode():
        x = clip.visual._embeds(IMAGE)  # noqa: SLF001 - the private start of open_clip that we are compared with
        blocks = clip.visual.transformer.resblocks
        for block in blocks[: layer % len(blocks)]:
            x = block(x)
        normed = blocks[layer].ln_1(x)
        expected = blocks[layer].attn(normed, normed, normed, average_attn_weights=False)[1][0]
    assert found.shape == (2, 17, 17)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_a_layer_that_is_not_there(clip):
    with pytest.raises(IndexError, match="layer 3 of a model with 3 layers"):
        raw_attention(vision_tower(clip), IMAGE, 3)


def test_all_layers_at_once_are_those_of_each_layer(clip):
    tower = vision_tower(clip)
    found = attention_by_layer(tower, IMAGE)
    assert len(found) == 3
    for layer, attention in enumerate(found):
        torch.testing.assert_close(attention, raw_attention(tower, IMAGE, layer).mean(0), rtol=0, atol=1e-6)

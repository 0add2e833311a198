import pytest
import torch
from torch.nn import functional as F

from napari_cliptrase.cliptrase.attention import raw_attention, recovered_attention, token_map
from napari_cliptrase.cliptrase.options import Recovery
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


def test_recovery_makes_patches_look_at_themselves(clip):
    tower = vision_tower(clip)
    own = lambda weights: float(weights.diagonal(dim1=-2, dim2=-1).mean())  # noqa: E731
    vanilla = recovered_attention(tower, IMAGE, Recovery.VANILLA)
    torch.testing.assert_close(vanilla, raw_attention(tower, IMAGE, -1))
    assert own(recovered_attention(tower, IMAGE, Recovery.CLIPTRASE)) > own(vanilla)
    assert own(recovered_attention(tower, IMAGE, Recovery.MASKCLIP)) == 1


@pytest.mark.parametrize("recovery", list(Recovery))
def test_what_a_token_takes_is_shared_out_whatever_the_recovery(clip, recovery):
    weights = recovered_attention(vision_tower(clip), F.pad(IMAGE, (0, 32)), recovery)
    assert weights.shape == (2, 25, 25)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 25))


def test_a_tokens_map_has_the_shape_of_the_grid(clip):
    wide = F.pad(IMAGE, (0, 32))
    weights = raw_attention(vision_tower(clip), wide, 0)
    assert token_map(weights, 0, (4, 6)).shape == (4, 6)
    torch.testing.assert_close(token_map(weights, 3, (4, 6))[1, 2], weights[:, 3, 1 + 6 + 2].mean())


def test_a_layer_that_is_not_there(clip):
    with pytest.raises(IndexError, match="layer 3 of a model with 3 layers"):
        raw_attention(vision_tower(clip), IMAGE, 3)

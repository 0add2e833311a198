import pytest
import torch
from torch.nn import functional as F

from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.towers import vision_tower


def close(found, expected, tolerance=1e-5):
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "vision",
    [
        {},
        {"layers": 2},
        {"layers": 7},
        {"patch_size": 14, "image_size": 56},
        {"patch_size": 32, "image_size": 96},
        {"no_ln_pre": True},
        {"ls_init_value": 0.2},
        {"image_size": (64, 96)},
    ],
    ids=str,
)
@pytest.mark.parametrize("quick_gelu", [True, False])
def test_without_recovery_it_is_the_models_own_image_embedding(make_clip, vision, quick_gelu):
    model = make_clip(quick_gelu, **vision)
    size = vision.get("image_size", 64)
    images = torch.randn(2, 3, *(size if isinstance(size, tuple) else (size, size)))
    with torch.inference_mode():
        patches = encode(vision_tower(model), images, recovery=Recovery.VANILLA)
        close(patches.cls, model.encode_image(images, normalize=True))


def test_shapes_for_any_aspect_ratio(clip):
    with torch.inference_mode():
        patches = encode(vision_tower(clip), torch.randn(2, 3, 48, 112))
    assert patches.grid == (3, 7)
    assert patches.features.shape == (2, 21, 24)
    assert patches.cls.shape == (2, 24)
    assert patches.correlation.shape == (2, 22, 22)
    close(patches.features.norm(dim=-1), torch.ones(2, 21))


@pytest.mark.parametrize("recovery", list(Recovery))
def test_recording_gradients_changes_no_number(clip, images, recovery):
    tower = vision_tower(clip)
    with torch.inference_mode():
        fast = encode(tower, images, recovery=recovery)
    slow = encode(tower, images, recovery=recovery)
    assert slow.features.requires_grad
    close(fast.features, slow.features.detach(), 1e-6)
    close(fast.cls, slow.cls.detach(), 1e-6)
    close(fast.correlation, slow.correlation.detach(), 1e-6)


def test_gradients_reach_every_weight(clip, images):
    patches = encode(vision_tower(clip), images[:, :, :48])
    (patches.features.sum() + patches.cls.sum() + patches.correlation.square().sum()).backward()
    try:
        assert all(weight.grad is not None for weight in clip.visual.parameters())
    finally:
        clip.zero_grad()


def test_a_batch_gives_what_single_images_give(clip, images):
    tower = vision_tower(clip)
    with torch.inference_mode():
        together = encode(tower, images)
        for number, image in enumerate(images):
            alone = encode(tower, image[None])
            close(together.features[number], alone.features[0], 1e-6)
            close(together.correlation[number], alone.correlation[0], 1e-6)


def test_two_runs_give_identical_bytes(clip, images):
    tower = vision_tower(clip)
    with torch.inference_mode():
        first, second = encode(tower, images), encode(tower, images)
    assert torch.equal(first.features, second.features)
    assert torch.equal(first.correlation, second.correlation)


def test_images_are_not_changed(clip, images):
    before = images.clone()
    with torch.inference_mode():
        encode(vision_tower(clip), images)
    assert torch.equal(images, before)


def test_correlation_is_the_mean_cosine_of_each_heads_q_k_and_v(clip, images):
    """Head by head and pair by pair, from open_clip's own modules."""
    with torch.inference_mode():
        found = encode(vision_tower(clip), images[:1]).correlation[0]
        x = clip.visual._embeds(images[:1])  # noqa: SLF001 - the private start of open_clip that we are compared with
        x = clip.visual.transformer.resblocks[0](x)
        block = clip.visual.transformer.resblocks[-2]
        parts = F.linear(block.ln_1(x), block.attn.in_proj_weight, block.attn.in_proj_bias)[0].chunk(3, dim=-1)
        cosines = [
            F.cosine_similarity(head[:, None].double(), head[None].double(), dim=-1)
            for part in parts
            for head in part.split(16, dim=-1)
        ]
    close(found.double(), torch.stack(cosines).mean(0), 1e-6)


def test_correlation_can_be_left_out(clip, images):
    with torch.inference_mode():
        assert encode(vision_tower(clip), images, correlation=False).correlation is None


def test_position_kernels_differ_only_off_the_native_grid(clip, images):
    tower = vision_tower(clip)
    paper, clean = PositionKernel.PAPER, PositionKernel.CLEAN
    wide = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        assert torch.equal(encode(tower, images, kernel=paper).cls, encode(tower, images, kernel=clean).cls)
        assert not torch.equal(encode(tower, wide, kernel=paper).cls, encode(tower, wide, kernel=clean).cls)


def test_half_precision_gives_float32_near_the_exact_numbers(make_clip):
    model, images = make_clip(), torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        exact = encode(vision_tower(model), images)
        half = encode(vision_tower(model.to(torch.bfloat16)), images.to(torch.bfloat16))
    assert half.features.dtype == half.correlation.dtype == torch.float32
    assert (half.features * exact.features).sum(-1).min() > 0.99


def test_a_size_that_is_not_whole_patches_is_refused(clip):
    with pytest.raises(ValueError, match="50×64 is not a multiple of the patch size 16"):
        encode(vision_tower(clip), torch.zeros(1, 3, 50, 64))

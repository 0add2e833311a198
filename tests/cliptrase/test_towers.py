"""Which models are taken, and what is said about the others."""

import pytest
import timm
import torch
from open_clip.model import CLIP
from open_clip.timm_model import TimmModel

from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.cliptrase.towers import vision_tower
from napari_cliptrase.errors import ModelError


def timm_tower(name, pool="token", proj="linear", **changes):
    """open_clip's wrapper around a timm model with random weights."""
    torch.manual_seed(0)
    tower = TimmModel(name, 24, 64, pool=pool, proj=proj)
    if changes:
        tower.trunk = timm.create_model(name, num_classes=0, **changes)
    return tower.eval()


@pytest.fixture(scope="module")
def biomed():
    """The shape of BiomedCLIP: a plain timm ViT with class token and a linear projection, only smaller."""
    return timm_tower("test_vit", img_size=64, depth=3)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("test_vit", {}),
        ("test_vit", {"init_values": 0.2}),
        ("test_vit", {"no_embed_class": True}),
        ("test_vit", {"pre_norm": True}),
    ],
    ids=str,
)
def test_a_timm_vit_without_recovery_gives_its_own_embedding(name, changes):
    tower = timm_tower(name, img_size=64, depth=3, **changes)
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(tower(images), dim=-1)
        found = encode(vision_tower(tower), images, recovery=Recovery.VANILLA).cls
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_a_timm_vit_takes_any_aspect_ratio(biomed):
    tower = vision_tower(biomed)
    assert (tower.patch, tower.grid, tower.dim, len(tower.blocks)) == (16, (4, 4), 24, 3)
    with torch.inference_mode():
        assert encode(tower, torch.randn(1, 3, 48, 96)).features.shape == (1, 18, 24)


def test_the_model_itself_is_as_good_as_its_image_tower(clip):
    assert vision_tower(clip).visual is vision_tower(clip.visual).visual
    assert vision_tower(clip).dim == 24


def clip_like(**vision):
    text = {"context_length": 8, "vocab_size": 32, "width": 16, "heads": 1, "layers": 1}
    shape = {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16, **vision}
    return CLIP(24, shape, text)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: clip_like(layers=(1, 1, 1, 1)), ["ModifiedResNet", "no class token"]),
        (lambda: clip_like(pool_type="avg"), ["avg", "CLIPA"]),
        (lambda: clip_like(attentional_pool=True), ["attentional pooler", "CoCa"]),
        (lambda: clip_like(final_ln_after_pool=True), ["last norm comes after pooling"]),
        (lambda: clip_like(layers=1), ["fewer than two"]),
        (lambda: clip_like(qk_norm=True), ["normalises or rescales"]),
        (lambda: clip_like(scale_attn=True), ["norms of their own"]),
        (lambda: timm_tower("test_convnext", pool="avg"), ["ConvNeXt", "no class token"]),
        (lambda: timm_tower("test_resnet", pool="avg"), ["ResNet", "no class token"]),
        (lambda: timm_tower("test_vit", pool="avg"), ["averages its patches"]),
        (lambda: timm_tower("test_vit3", pool="map", proj="none"), ["attention head", "SigLIP"]),
        (lambda: clip_like(scale_fc=True), ["norms of their own"]),
        (lambda: timm_tower("test_vit", img_size=64, class_token=False, global_pool="max"), ["has no class token"]),
        (lambda: timm_tower("test_vit", img_size=64, depth=3, reg_tokens=4), ["register tokens"]),
        (lambda: timm_tower("test_vit", img_size=64, depth=3, qk_norm=True), ["norms or gates"]),
        (lambda: timm_tower("eva02_tiny_patch14_224"), ["rotary positions"]),
        (lambda: torch.nn.Sequential(torch.nn.Linear(2, 2)), ["not a plain vision transformer"]),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_in_one_sentence(model, words):
    with pytest.raises(ModelError) as error:
        vision_tower(model())
    sentence = str(error.value)
    assert sentence.startswith("The image tower ")
    assert sentence.endswith("use a ViT with a class token, such as ViT-B-16/openai.")
    assert "\n" not in sentence
    for word in words:
        assert word in sentence

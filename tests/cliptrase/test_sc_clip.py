"""SC-CLIP against numbers of its own code, and against its equations where those numbers do not reach."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from napari_cliptrase.cliptrase.blocks import run_block
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.options import PositionKernel, Recovery
from napari_cliptrase.cliptrase.sc_clip import outlier_factors, outliers, repair
from napari_cliptrase.cliptrase.towers import vision_tower

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "scclip"


@pytest.fixture(scope="module", params=["scene_224", "photo_336"])
def golden(request):
    return dict(np.load(GOLDEN / f"{request.param}.npz"))


@pytest.fixture(scope="module")
def image(golden, toyclip):
    mean, std = (torch.tensor(toyclip.visual.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    return ((torch.from_numpy(golden["pixels"]).permute(2, 0, 1) / 255 - mean) / std)[None]


def test_features(golden, image, toyclip):
    with torch.inference_mode():
        patches = encode(vision_tower(toyclip), image, recovery=Recovery.SC_CLIP)
    assert np.abs(patches.features[0].numpy() - golden["features"]).max() <= 1e-5


def test_the_same_patches_stick_out(golden, image, toyclip):
    tower = vision_tower(toyclip)
    with torch.inference_mode():
        x = tower.embed(image, PositionKernel.PAPER)
        for block in tower.blocks[:-1]:
            x = run_block(block, x)
        factors = outlier_factors(x[:, 1:])[0].numpy()
        found = outliers(x[:, 1:])[0].nonzero()[:, 0]
    assert np.abs(factors / golden["lof"] - 1).max() <= 1e-4
    assert found.tolist() == golden["outliers"].tolist()


def by_hand(model, image, grid):
    """Unit patch features (L, d) by open_clip's modules and the paper's equations, for three blocks and any grid."""
    height, width = grid
    visual = model.visual
    x = visual.ln_pre(_embedded(visual, image))
    streams = [x := block(x) for block in visual.transformer.resblocks[:-1]]
    low, last = streams[0][0], streams[-1][0]
    distances = torch.cdist(last[1:].double(), last[1:].double())
    near = distances.argsort(1)[:, 1:31]
    reach = distances.gather(1, near)[:, -1] ** 2
    factor = (reach[:, None] / reach[near]).mean(1)
    odd = factor > factor.quantile(0.95)

    def mended(patches):
        out = patches.clone()
        for place in odd.nonzero()[:, 0].tolist():
            row, column = divmod(place, width)
            around = [
                other
                for other in range(height * width)
                if not odd[other] and max(abs(other // width - row), abs(other % width - column)) == 1
            ]
            if around:
                out[place] = patches[around].mean(0)
        return out

    def cosines(patches):
        return F.cosine_similarity(patches[:, None], patches[None], dim=-1)

    def weights(similar):
        kept = torch.where(similar < 0.4, 0, similar)
        return kept / (kept.sum(1, keepdim=True) + 1e-6)

    block = visual.transformer.resblocks[-1]
    similar = cosines(mended(streams[-1][0, 1:]))  # of three blocks the second is the middle one

    def attend(patches):
        _, k, v = F.linear(block.ln_1(patches), block.attn.in_proj_weight, block.attn.in_proj_bias).chunk(3, -1)
        excess = 3 * (similar - similar.mean())
        shared = torch.where(excess < 0, -torch.inf, excess).softmax(-1)
        heads = [
            (shared + (key @ key.T / 4).softmax(-1)) / 2 @ value
            for key, value in zip(k.split(16, -1), v.split(16, -1), strict=True)
        ]
        return block.attn.out_proj(torch.cat(heads, -1))

    average = weights(cosines(low[1:]))
    features = average @ (attend(weights(similar) @ mended(last[1:])) + 0.3 * last[0])
    features = features + average @ (attend(low[1:]) + 0.3 * low[0])
    return F.normalize(visual.ln_post(features) @ visual.proj, dim=-1), odd


def _embedded(visual, image):
    x = visual.conv1(image).flatten(2).transpose(1, 2)
    return torch.cat([visual.class_embedding.expand(len(x), 1, -1), x], 1) + visual.positional_embedding


@pytest.mark.parametrize("size", [(80, 144), (144, 80)], ids=str)
def test_images_that_are_not_square(make_clip, size):
    model = make_clip(image_size=size)
    image = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        expected, odd = by_hand(model, image, (size[0] // 16, size[1] // 16))
        found = encode(vision_tower(model), image, recovery=Recovery.SC_CLIP).features[0]
    assert odd.sum() == 3
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_the_class_token_is_the_models_own_embedding(clip, images):
    with torch.inference_mode():
        found = encode(vision_tower(clip), images, recovery=Recovery.SC_CLIP).cls
        torch.testing.assert_close(found, clip.encode_image(images, normalize=True), rtol=0, atol=1e-5)


@pytest.mark.parametrize("layers", [2, 5, 6, 12])
def test_models_of_any_depth(make_clip, layers):
    with torch.inference_mode():
        patches = encode(vision_tower(make_clip(layers=layers)), torch.randn(1, 3, 96, 64), recovery=Recovery.SC_CLIP)
    torch.testing.assert_close(patches.features.norm(dim=-1), torch.ones(1, 24))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_near_the_exact_numbers(make_clip, dtype):
    image = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        exact = encode(vision_tower(make_clip()), image, recovery=Recovery.SC_CLIP)
        half = encode(vision_tower(make_clip().to(dtype)), image.to(dtype), recovery=Recovery.SC_CLIP)
    assert half.features.dtype == torch.float32
    assert (half.features * exact.features).sum(-1).median() > 0.99


def test_an_image_of_one_patch_and_a_blank_one(clip):
    tower = vision_tower(clip)
    with torch.inference_mode():
        for image in (torch.randn(1, 3, 16, 16), torch.zeros(1, 3, 64, 64)):
            features = encode(tower, image, recovery=Recovery.SC_CLIP).features
            assert torch.isfinite(features).all()


def test_a_patch_without_fine_neighbours_stays():
    patches = torch.arange(9.0).view(1, 9, 1)
    odd = torch.tensor([[True] * 8 + [False]])
    mended = repair(patches, odd, (3, 3))[0, :, 0].tolist()
    assert mended == [0, 1, 2, 3, 8, 8, 6, 8, 8]


@pytest.mark.parametrize("side", [224, 336])
def test_it_is_at_most_a_seventh_more_work_than_cliptrase(make_clip, side):
    """Counted in multiplications for the shape of ViT-B/16, since seconds depend on what else a computer does.

    With gradients, since torch does not count the products of oneDNN, which does them without gradients.
    """
    tower = vision_tower(make_clip(width=768, layers=12, head_width=64, image_size=224))
    image = torch.zeros(1, 3, side, side)
    work = {}
    for recovery in (Recovery.CLIPTRASE, Recovery.SC_CLIP):
        with torch.enable_grad(), FlopCounterMode(display=False) as counter:
            encode(tower, image, recovery=recovery)
        work[recovery] = counter.get_total_flops()
    assert work[Recovery.CLIPTRASE] > 2 * 85e6 * (side // 16) ** 2  # each of 85 million weights meets each patch
    assert work[Recovery.SC_CLIP] < 1.15 * work[Recovery.CLIPTRASE]

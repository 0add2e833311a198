import open_clip
import pytest
import torch
from torch.nn import functional as F

from napari_cliptrase.bench.encode_row import encode_row
from napari_cliptrase.bench.prompts_row import prompts_row
from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.cliptrase.towers import text_tower, vision_tower


@pytest.fixture(scope="module")
def model():
    """The bench's kind of model, in small."""
    torch.manual_seed(0)
    vision = {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16}
    module = open_clip.model.CLIP(16, vision, {"width": 32, "heads": 2, "layers": 1}, quick_gelu=True).eval()
    tokenizer = open_clip.get_tokenizer("ViT-B-16")
    return BenchModel(module, vision_tower(module), text_tower(module, tokenizer), tokenizer)


def test_open_clips_pass_is_its_own_at_the_native_size_and_works_at_others(model):
    with torch.inference_mode():
        image = torch.randn(1, 3, 64, 64)
        torch.testing.assert_close(model.encode_image_as_open_clip(image), model.module.encode_image(image))
        assert model.encode_image_as_open_clip(torch.randn(1, 3, 96, 48)).shape == (1, 16)


def test_what_is_timed_is_the_same_work(model):
    row = encode_row(model, 96, rounds=1)
    assert row.figure == pytest.approx(row.ours / row.theirs)
    table = model.module.visual.positional_embedding
    model.vision.positions.table = table.detach() * 3
    try:
        with pytest.raises(RuntimeError, match="do not compute the same"):
            encode_row(model, 80, rounds=1)
    finally:
        model.vision.positions.table = table


def test_prompts_are_compared_and_the_rest_extrapolated(model):
    row = prompts_row(model, rounds=1, compared=1)
    assert row.figure == pytest.approx(row.theirs / row.ours)
    assert "timed on 1 of the classes" in row.note


def test_random_weights_are_the_same_each_time():
    model = BenchModel.random()
    assert model.vision.patch == 16
    assert (model.vision.grid, model.vision.dim, len(model.vision.blocks)) == ((14, 14), 512, 12)
    features = F.normalize(model.module.visual.proj, dim=-1)
    assert torch.equal(features, F.normalize(BenchModel.random().module.visual.proj, dim=-1))

import open_clip
import pytest
import torch

from napari_cliptrase.bench.folder_rows import folder_rows
from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.cliptrase.towers import text_tower, vision_tower


@pytest.fixture(scope="module")
def model():
    """The bench's kind of model, in small."""
    torch.manual_seed(0)
    vision = {"image_size": 64, "layers": 3, "width": 32, "head_width": 16, "patch_size": 16}
    module = open_clip.model.CLIP(16, vision, {"width": 32, "heads": 2, "layers": 1}, quick_gelu=True).eval()
    tokenizer = open_clip.get_tokenizer("ViT-B-16")
    return BenchModel(module, vision_tower(module), text_tower(module, tokenizer), tokenizer).as_clip_model()


def test_both_commands_are_compared_with_the_encoder(model):
    batch, segment = folder_rows(model, "tiny", images=2, rounds=1)
    assert (batch.name, segment.name) == ("batch of 2 images, tiny", "segment of 2 images, tiny")
    for row in (batch, segment):
        assert row.theirs is not None
        assert row.figure == pytest.approx(row.ours / row.theirs)
        assert 0 < row.figure < 1  # such a small network is no work beside reading and writing
        assert not row.reached


def test_an_image_that_fails_ends_the_measurement(model, monkeypatch):
    monkeypatch.setattr("napari_cliptrase.batch.image_work.segment_plane_steps", None)
    with pytest.raises(RuntimeError, match="TypeError"):
        list(folder_rows(model, "tiny", images=2, rounds=1))

import pytest
import torch
from open_clip.model import CustomTextCLIP

from napari_cliptrase.cliptrase.text_towers import CausalText, WholeText
from napari_cliptrase.cliptrase.towers import text_tower

SENTENCES = ["a cat", "itap of a very long and winding road between two hills.", "dog", "a photo of a {}.", "", "a cat"]


def reference(model, tokenizer):
    with torch.inference_mode():
        return model.encode_text(tokenizer(SENTENCES), normalize=True)


@pytest.mark.parametrize(
    "text",
    [{}, {"pool_type": "eos", "eos_id": 49407}, {"proj_type": "none", "width": 32}, {"proj_bias": True}, {"layers": 1}],
    ids=str,
)
@pytest.mark.parametrize("quick_gelu", [True, False])
def test_cut_sentences_give_what_the_whole_context_gives(make_clip, tokenizer, text, quick_gelu):
    model = make_clip(quick_gelu, text=text)
    tower = text_tower(model, tokenizer)
    assert isinstance(tower, CausalText)
    with torch.inference_mode():
        found = tower.encode(SENTENCES)
    expected = reference(model, tokenizer)
    assert tower.dim == expected.shape[1]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_custom_text_clip_is_taken_apart_too(tokenizer):
    torch.manual_seed(0)
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16}
    model = CustomTextCLIP(24, vision, {"width": 32, "heads": 2, "layers": 2}).eval()
    tower = text_tower(model, tokenizer)
    assert isinstance(tower, CausalText)
    with torch.inference_mode():
        torch.testing.assert_close(tower.encode(SENTENCES), reference(model, tokenizer), rtol=0, atol=1e-6)


@pytest.mark.parametrize("text", [{"no_causal_mask": True}, {"pool_type": "last"}], ids=str)
def test_where_cutting_is_not_exact_the_model_reads_the_whole_context(make_clip, tokenizer, text):
    torch.manual_seed(0)
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16}
    model = CustomTextCLIP(24, vision, {"width": 32, "heads": 2, "layers": 2, **text}).eval()
    tower = text_tower(model, tokenizer)
    assert isinstance(tower, WholeText)
    assert tower.dim == 24
    with torch.inference_mode():
        torch.testing.assert_close(tower.encode(SENTENCES), reference(model, tokenizer), rtol=0, atol=1e-6)


def test_many_sentences_of_all_lengths_keep_their_places(clip, tokenizer):
    sentences = [" ".join(["word"] * (number % 37)) for number in range(300)]
    tower = text_tower(clip, tokenizer)
    with torch.inference_mode():
        found = tower.encode(sentences)
        for number in (0, 36, 37, 150, 299):
            torch.testing.assert_close(found[number], tower.encode([sentences[number]])[0], rtol=0, atol=1e-6)


def test_a_sentence_beyond_the_context_is_read_up_to_it(clip, tokenizer):
    tower = text_tower(clip, tokenizer)
    with torch.inference_mode():
        expected = clip.encode_text(tokenizer(["word " * 200]), normalize=True)
        torch.testing.assert_close(tower.encode(["word " * 200]), expected, rtol=0, atol=1e-6)


def test_gradients_reach_the_text_weights(clip, tokenizer):
    text_tower(clip, tokenizer).encode(["a cat", "a very small dog"]).sum().backward()
    try:
        assert clip.token_embedding.weight.grad.abs().sum() > 0
        assert clip.text_projection.grad.abs().sum() > 0
    finally:
        clip.zero_grad()

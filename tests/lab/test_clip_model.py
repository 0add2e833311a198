import json
from pathlib import Path

import open_clip
import torch
from open_clip.tokenizer import SimpleTokenizer
from torch.nn import functional as F

from napari_cliptrase.lab.clip_model import CONFIG, known_tokens, new_model, write_model
from napari_cliptrase.lab.clip_training import embed_sentences


def test_the_written_folder_is_the_trained_model(tmp_path: Path):
    # SiLU became QuickGELU, the short token table the full one: open_clip must still say the same
    torch.manual_seed(0)
    tokenizer = SimpleTokenizer()
    tokens = known_tokens(tokenizer)
    model = new_model(len(tokens)).eval()
    write_model(model.state_dict(), tokens, tmp_path)
    written, _, _ = open_clip.create_model_and_transforms(f"local-dir:{tmp_path}")
    written.eval()
    images = torch.randn(2, 3, 224, 224)
    sentences = ["a photo of a red ball.", "the zebra and a lighthouse"]
    with torch.inference_mode():
        assert torch.allclose(written.encode_image(images), model.encode_image(images), atol=2e-2)
        own = embed_sentences(model, tokenizer, {token: row for row, token in enumerate(tokens, 1)}, sentences)
        theirs = F.normalize(written.encode_text(open_clip.get_tokenizer(f"local-dir:{tmp_path}")(sentences)), dim=-1)
    assert torch.allclose(own, theirs, atol=5e-3)


def test_the_folder_says_what_it_is(tmp_path: Path):
    tokens = known_tokens(SimpleTokenizer())
    weights = write_model(new_model(len(tokens)).state_dict(), tokens, tmp_path)
    assert json.loads((tmp_path / "open_clip_config.json").read_text()) == CONFIG
    assert weights.stat().st_size < 13_000_000
    assert "lighthouse" in (tmp_path / "vocabulary.txt").read_text().split()

"""The shape of the demo CLIP, and how a trained one is written as an open_clip folder."""

import json
from pathlib import Path
from typing import Any, Final

import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import save_file
from torch import nn

from napari_cliptrase.cliptrase.blocks import QUICK_GELU
from napari_cliptrase.lab.vocabulary import VOCABULARY
from napari_cliptrase.models.folders import VOCABULARY_FILE
from napari_cliptrase.models.verify import sha256_of, write_expected

CONFIG: Final[dict[str, Any]] = {
    "model_cfg": {
        "embed_dim": 128,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 224, "layers": 6, "width": 192, "head_width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2},
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
    },
}


def known_tokens(tokenizer: SimpleTokenizer) -> list[int]:
    """Return the rows of the token table that the world's language uses, in rising order."""
    spellings = [*VOCABULARY, "close-up", ".", ","]
    tokens = {token for word in spellings for token in tokenizer.encode(word)}
    return sorted(tokens | {tokenizer.sot_token_id, tokenizer.eot_token_id})


def new_model(tokens: int) -> CLIP:
    """Return an untrained demo CLIP with a short token table: row 0 stands for every unknown token and stays zero.

    It has SiLU where the finished model has QuickGELU, which is the same function but for a scale that ``folded``
    puts into the weights, and trains faster.
    """
    model_cfg = CONFIG["model_cfg"]
    text_cfg = model_cfg["text_cfg"] | {"vocab_size": 1 + tokens}
    model = CLIP(model_cfg["embed_dim"], model_cfg["vision_cfg"], text_cfg, quick_gelu=False)
    for block in (*model.visual.transformer.resblocks, *model.transformer.resblocks):
        block.mlp.gelu = nn.SiLU()
    with torch.no_grad():
        model.token_embedding.weight[0] = 0
        model.visual.positional_embedding.mul_(0.1)
    return model


def folded(state: dict[str, torch.Tensor], tokens: list[int]) -> dict[str, torch.Tensor]:
    """Turn trained weights into those of the plain open_clip model: QuickGELU, full token table, half precision."""
    out = dict(state)
    for name in state:
        if ".mlp.c_fc." in name:
            out[name] = state[name] / QUICK_GELU
        elif name.endswith(".mlp.c_proj.weight"):
            out[name] = state[name] * QUICK_GELU
    text_cfg = CONFIG["model_cfg"]["text_cfg"]
    table = torch.zeros(text_cfg["vocab_size"], text_cfg["width"])
    table[torch.tensor(tokens)] = state["token_embedding.weight"][1:].float()
    out["token_embedding.weight"] = table
    return {name: tensor.detach().half().contiguous() for name, tensor in out.items() if name != "attn_mask"}


def write_model(state: dict[str, torch.Tensor], tokens: list[int], folder: Path) -> Path:
    """Write a folder that open_clip loads as ``local-dir:FOLDER``, with hash and words; return the weights file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
    (folder / VOCABULARY_FILE).write_text("\n".join(sorted(VOCABULARY)) + "\n", encoding="utf-8")
    weights = folder / "open_clip_model.safetensors"
    save_file(folded(state, tokens), weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # readable by all, as the other files of the package are
    write_expected(weights, sha256_of(weights, fresh=True))
    return weights

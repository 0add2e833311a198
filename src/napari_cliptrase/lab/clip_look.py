"""How the demo CLIP in training looks at crops and reads sentences: with gradients, and with a short token table."""

from collections.abc import Sequence

import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.blocks import add_attention, add_mlp, run_block, split_heads
from napari_cliptrase.cliptrase.encoder import correlate
from napari_cliptrase.cliptrase.open_clip_vision import OpenClipVision
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.cliptrase.recovery import recovered_block


def look(
    model: CLIP, images: Tensor, frames: Tensor, kinds: Sequence[Recovery], regions: bool = False
) -> tuple[list[Tensor], Tensor | None]:
    """Unit tokens (B, 1+hw, d) with each kind of last block, and the correlation of patches if ``regions``.

    images (B, 3, side, side) are normalised; frames (B, 4) are the parts of a picture that they show.
    """
    tower = OpenClipVision.of(model.visual)
    visual = model.visual
    side = images.shape[-1] // tower.patch
    x = visual.conv1(images).flatten(2).transpose(1, 2) + positions_in(tower.positions.table, frames, side)
    first = (visual.class_embedding + visual.positional_embedding[0]).expand(len(x), 1, -1)
    x = visual.ln_pre(torch.cat([first.to(x.dtype), x], 1))
    *blocks, last_but_one, last = tower.blocks
    for block in blocks:
        x = run_block(block, x)
    heads = split_heads(last_but_one, x)
    correlation = correlate(heads) if regions else None
    x = add_attention(last_but_one, x, F.scaled_dot_product_attention(*heads))
    x = add_mlp(last_but_one, x)
    tokens = (tower.project(recovered_block(last, x, (side, side), kind)) for kind in kinds)
    return [F.normalize(token.float(), dim=-1) for token in tokens], correlation


def positions_in(table: Tensor, frames: Tensor, side: int) -> Tensor:
    """Patch positions (B, side*side, D) of the part of the picture that each frame (B, 4) shows."""
    native = int((len(table) - 1) ** 0.5)
    maps = table[1:].view(1, native, native, -1).permute(0, 3, 1, 2).float()
    steps = (torch.arange(side, device=table.device) + 0.5) / side
    y = frames[:, 0:1] + steps * (frames[:, 2:3] - frames[:, 0:1])
    x = frames[:, 1:2] + steps * (frames[:, 3:4] - frames[:, 1:2])
    where = torch.stack([x[:, None, :].expand(-1, side, -1), y[:, :, None].expand(-1, -1, side)], -1) * 2 - 1
    sampled = F.grid_sample(
        maps.expand(len(frames), -1, -1, -1), where, mode="bilinear", padding_mode="border", align_corners=False
    )
    return sampled.flatten(2).transpose(1, 2)


def embed_sentences(model: CLIP, tokenizer: SimpleTokenizer, rows: dict[int, int], sentences: Sequence[str]) -> Tensor:
    """Sentences to unit rows (n, d); ``rows`` maps tokens to rows of the table, others go to row 0."""
    coded = [[tokenizer.sot_token_id, *tokenizer.encode(text), tokenizer.eot_token_id] for text in sentences]
    length = max(map(len, coded))
    table = torch.zeros(len(coded), length, dtype=torch.long)
    for i, tokens in enumerate(coded):
        table[i, : len(tokens)] = torch.tensor([rows.get(token, 0) for token in tokens])
    x = model.token_embedding(table.to(model.token_embedding.weight.device)) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    ends = torch.tensor([len(tokens) - 1 for tokens in coded])
    return F.normalize(x[torch.arange(len(coded)), ends] @ model.text_projection, dim=-1)

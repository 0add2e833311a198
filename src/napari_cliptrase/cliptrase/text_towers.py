"""Text towers: sentences to features, without computing what comes after the last word."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_cliptrase.cliptrase.blocks import Block, SameShape, run_block
from napari_cliptrase.cliptrase.clip_network import TextNetwork
from napari_cliptrase.cliptrase.open_clip_vision import open_clip_block

Tokenizer = Callable[[list[str]], Tensor]
"""Turns n sentences into (n, context) int64 tokens, the end token being the highest number, zeros after it."""

_TOKENS_AT_ONCE = 2048
"""Tokens in one batch: enough to keep the processor busy, few enough for the hidden layer to stay in its cache."""


@dataclass(frozen=True, eq=False)
class CausalText:
    """A `TextTower` whose tokens see only those before them: each sentence may be cut after its end token, exactly.

    Attributes
    ----------
    token_embedding, ln_final
        Modules of the model.
    positions
        (context, D).
    blocks
        The transformer.
    projection
        (D, dim) matrix, a linear layer, or None.
    tokenizer
        See `Tokenizer`.
    end
        The number of the end token; None: it is the highest number of a sentence.
    """

    token_embedding: SameShape
    positions: Tensor
    blocks: tuple[Block, ...]
    ln_final: SameShape
    projection: nn.Module | Tensor | None
    tokenizer: Tokenizer
    end: int | None

    @classmethod
    def of(cls, model: Any, tokenizer: Tokenizer) -> Self | None:
        """Take the text side of a CLIP model, ours or open_clip's, apart; None when that is not exact."""
        text = getattr(model, "text", model)
        if isinstance(text, TextNetwork):
            return cls._of_parts(text, tokenizer, text.end)
        pooling = getattr(text, "text_pool_type", None) or getattr(text, "pool_type", None)
        if pooling not in ("argmax", "eos") or getattr(text, "attn_mask", None) is None:
            return None
        if getattr(text, "cls_emb", None) is not None or getattr(text, "use_pad_mask", False):
            return None
        blocks = getattr(getattr(text, "transformer", None), "resblocks", ())
        if not blocks or type(blocks[0]).__name__ != "ResidualAttentionBlock":
            return None
        end = getattr(text, "text_eos_id", getattr(text, "eos_id", None)) if pooling == "eos" else None
        return cls._of_parts(text, tokenizer, end)

    @classmethod
    def _of_parts(cls, text: Any, tokenizer: Tokenizer, end: int | None) -> Self:
        return cls(
            token_embedding=text.token_embedding,
            positions=text.positional_embedding,
            blocks=tuple(open_clip_block(block) for block in text.transformer.resblocks),
            ln_final=text.ln_final,
            projection=text.text_projection,
            tokenizer=tokenizer,
            end=end,
        )

    @property
    def dim(self) -> int:
        """Length of a feature."""
        match self.projection:
            case None:
                return int(self.positions.shape[1])
            case nn.Linear() as layer:
                return layer.out_features
            case matrix:
                assert isinstance(matrix, Tensor)
                return int(matrix.shape[1])

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """(n, dim) float32 unit rows, one for each sentence."""
        tokens = self.tokenizer(list(sentences)).to(self.positions.device)
        ends = tokens.argmax(-1) if self.end is None else (tokens == self.end).int().argmax(-1)
        order = ends.argsort(stable=True)
        parts = [self._features(tokens[chosen], ends[chosen]) for chosen in _batches(order, ends)]
        return torch.cat(parts)[order.argsort()]

    def _features(self, tokens: Tensor, ends: Tensor) -> Tensor:
        length = int(ends.max()) + 1
        dtype = self.blocks[0].qkv.dtype
        x = self.token_embedding(tokens[:, :length]).to(dtype) + self.positions[:length].to(dtype)
        for block in self.blocks:
            x = run_block(block, x, causal=True)
        x = self.ln_final(x[torch.arange(len(x), device=x.device), ends])
        if isinstance(self.projection, nn.Module):
            x = self.projection(x)
        elif self.projection is not None:
            x = x @ self.projection
        return F.normalize(x.float(), dim=-1)


@dataclass(frozen=True, eq=False)
class WholeText:
    """A `TextTower` that leaves everything to the model: any model with ``encode_text``, at full context length."""

    model: Any
    tokenizer: Tokenizer

    @property
    def dim(self) -> int:
        """Length of a feature."""
        return int(self.encode(["a"]).shape[1])

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """(n, dim) float32 unit rows, one for each sentence."""
        device = next(self.model.parameters()).device
        tokens = self.tokenizer(list(sentences)).to(device)
        rows = max(1, _TOKENS_AT_ONCE // tokens.shape[1])
        parts = torch.split(tokens, rows)
        return torch.cat([F.normalize(self.model.encode_text(part).float(), dim=-1) for part in parts])


def _batches(order: Tensor, ends: Tensor) -> Iterator[Tensor]:
    """Split sentences, sorted by length, into batches of about the same number of tokens."""
    lengths = (ends[order] + 1).tolist()
    start = 0
    for stop in range(1, len(lengths) + 1):
        if stop == len(lengths) or lengths[stop] * (stop + 1 - start) > _TOKENS_AT_ONCE:
            yield order[start:stop]
            start = stop

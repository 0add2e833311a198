"""SC-CLIP: outlying patches are repaired, and the last block attends by what the middle of the model sees.

Bai, Liu, Han, Zhang, Tang: *Self-Calibrated CLIP for Training-Free Open-Vocabulary Segmentation* (2024), written from
its equations. Works on the residual streams of patches (B, L, D), without the class token, row by row of the grid.
"""

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.blocks import Affine, Block, Heads, merge_heads
from napari_cliptrase.cliptrase.products import linear

NEIGHBOURS = 30
"""Patches that a patch is compared with, to find outliers."""

OUTLYING = 0.95
"""Share of the patches that never stick out."""

SHARPNESS = 3.0
"""Of the attention by the middle layer's similarity."""

LEAST_SIMILAR = 0.4
"""Cosine below which two patches have nothing to do with each other when features are averaged."""

CLASS_TOKEN = 0.3
"""Weight of the class token that is added to every patch."""

_TINY = 1e-6


@dataclass
class MiddleLayers:
    """Residual streams that the method takes from the blocks before the last, collected while these run.

    Of 12 blocks these are the streams after the 4th and the 9th, and the sum of those after the 4th to the 10th; models
    of another ``depth`` have them at the same shares of it.
    """

    depth: int
    low: Tensor | None = field(default=None, repr=False)
    middle: Tensor | None = field(default=None, repr=False)
    total: Tensor | None = field(default=None, repr=False)

    def take(self, number: int, x: Tensor) -> None:
        """Take the stream x (B, 1+L, D) after a block, counted from 1; x may be overwritten afterwards."""
        lowest = max(1, self.depth // 3)
        if number == lowest:
            self.low = x.clone()
        if number == max(1, self.depth * 3 // 4):
            self.middle = x.clone()
        if lowest <= number <= max(lowest, self.depth - 2):
            self.total = x.float().clone() if self.total is None else self.total + x


@dataclass(frozen=True, eq=False)
class RepairedLayers:
    """The similarities for attention, after outlying patches were repaired.

    Attributes
    ----------
    last
        (B, L, D) the stream that enters the last block, repaired.
    middle
        (B, L, L) cosines of the middle stream, repaired.
    low
        (B, L, L) weights of averaging by the low stream's cosines; rows sum to 1.
    """

    last: Tensor
    middle: Tensor
    low: Tensor

    @classmethod
    def of(cls, layers: MiddleLayers, x: Tensor, grid: tuple[int, int]) -> "RepairedLayers":
        """Repair the middle layers and the stream x (B, 1+L, D) that enters the last block."""
        assert layers.low is not None
        assert layers.middle is not None
        patches = x[:, 1:].float()
        outlying = outliers(patches)
        middle = similarity(repair(layers.middle[:, 1:].float(), outlying, grid))
        return cls(repair(patches, outlying, grid), middle, averaging(similarity(layers.low[:, 1:].float())))

    @cached_property
    def attention(self) -> Tensor:
        """(B, L, L) attention by the middle similarity, the same for all heads."""
        excess = SHARPNESS * (self.middle - self.middle.mean((1, 2), keepdim=True))
        return excess.masked_fill(excess < 0, -torch.inf).softmax(-1)


def outlier_factors(patches: Tensor) -> Tensor:
    """(B, L) how much farther patches (B, L, D) are from their 30th neighbour than those neighbours from theirs.

    The mean over the neighbours of the ratio of squared distances: near 1 inside a cluster, large far from all.
    """
    count = min(NEIGHBOURS, patches.shape[1] - 1)
    if count < 1:
        return patches.new_ones(patches.shape[:2])
    found = _squared_distances(patches).topk(count + 1, largest=False)  # the nearest is the patch itself
    reach = found.values[..., -1].clamp(min=_TINY)
    neighbours = found.indices[..., 1:].flatten(1)
    return (reach[..., None] / reach.gather(1, neighbours).view(*reach.shape, count)).mean(-1)


def outliers(patches: Tensor) -> Tensor:
    """(B, L) bool: the twentieth of patches (B, L, D) that stick out most from those around them in feature space."""
    factors = outlier_factors(patches)
    return factors > factors.quantile(OUTLYING, dim=1, keepdim=True)


def repair(patches: Tensor, outlying: Tensor, grid: tuple[int, int]) -> Tensor:
    """Replace ``outlying`` (B, L) patches (B, L, D) by the mean of those of their eight neighbours that are not.

    A patch without such a neighbour stays. ``grid`` is (h, w), with h·w = L.
    """
    fine = (~outlying).to(patches)[..., None]
    total, count = _around(patches * fine, grid), _around(fine, grid)
    return torch.where(outlying[..., None] & (count > 0), total / count.clamp(min=_TINY), patches)


def similarity(patches: Tensor) -> Tensor:
    """(B, L, L) cosines of patches (B, L, D)."""
    rows = F.normalize(patches, dim=-1)
    return torch.stack([linear(image, image) for image in rows])


def averaging(similar: Tensor) -> Tensor:
    """(B, L, L) similarity to weights of an average: what is hardly similar counts nothing, rows sum to 1."""
    close = torch.where(similar < LEAST_SIMILAR, 0, similar)
    return close / (close.sum(-1, keepdim=True) + _TINY)


def calibrated_patches(block: Block, x: Tensor, layers: MiddleLayers, grid: tuple[int, int]) -> Tensor:
    """(B, L, D) patches after the last block, from the tokens x (B, 1+L, D) that enter it, class token first.

    Its attention is gone through twice, once by the last stream and once by the sum of the middle ones, without
    residual and MLP.
    """
    repaired = RepairedLayers.of(layers, x, grid)
    total = layers.total
    assert total is not None
    once = averaging(repaired.middle) @ repaired.last
    both = torch.cat([once, total[:, 1:]]).to(x.dtype)
    first, second = _attend(block, both, repaired.attention).float().chunk(2)
    classes = x[:, :1].float() + total[:, :1]
    return (repaired.low @ (first + second + CLASS_TOKEN * classes)).to(x.dtype)


def _attend(block: Block, patches: Tensor, attention: Tensor) -> Tensor:
    """The block's attention over patches (n·B, L, D): half k·k, half by ``attention`` (B, L, L)."""
    heads = _keys_and_values(block, patches)
    by_key = merge_heads(F.scaled_dot_product_attention(heads.k, heads.k, heads.v))
    shared = attention.to(patches.dtype).repeat(len(patches) // len(attention), 1, 1) @ merge_heads(heads.v)
    mixed: Tensor = block.out((by_key + shared) / 2)
    return mixed


def _keys_and_values(block: Block, patches: Tensor) -> Heads:
    """Heads of patches (B, L, D) without their queries, which the method has no use for (the keys stand in)."""
    width = patches.shape[-1]
    bias = block.qkv.bias
    project = Affine(block.qkv.weight[width:], None if bias is None else bias[width:])
    both = project(block.norm_1(patches)).view(*patches.shape[:2], 2, block.heads, -1)
    k, v = both.permute(2, 0, 3, 1, 4).unbind(0)
    return Heads(k, k, v)


def _around(values: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, L, n) sums over 3 × 3 patches; those beyond the border count nothing."""
    maps = values.transpose(1, 2).reshape(len(values), -1, *grid)
    return F.avg_pool2d(maps, 3, stride=1, padding=1, divisor_override=1).flatten(2).transpose(1, 2)


def _squared_distances(patches: Tensor) -> Tensor:
    """(B, L, L) float32 squared distances, by way of float64: among near patches they are small beside the products."""
    rows = (patches.cpu() if patches.device.type == "mps" else patches).double()  # which MPS does not have
    rows = rows - rows.mean(1, keepdim=True)
    squares = rows.square().sum(-1)
    squared = squares[:, :, None] + squares[:, None, :] - 2 * rows @ rows.mT
    return squared.clamp(min=0).float().to(patches.device)

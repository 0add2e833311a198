"""From pixels to tokens: the patch projection, the class token and the positions."""

import torch
from torch import Tensor

from napari_cliptrase.cliptrase.blocks import SameShape


def place_tokens(projection: SameShape, images: Tensor, first: Tensor, positions: Tensor) -> Tensor:
    """Tokens (B, 1+h*w, D) of images (B, 3, H, W).

    ``projection`` is the convolution that makes (B, D, h, w) of them, ``first`` (D,) the class token
    with its position, ``positions`` (h*w, D) those of the patches.
    """
    patches = projection(images).flatten(2).transpose(1, 2)
    first, positions = first.to(patches.dtype), positions.to(patches.dtype)
    if torch.is_grad_enabled():
        return torch.cat([first.expand(len(images), 1, -1), patches + positions], dim=1)
    tokens = patches.new_empty(len(images), 1 + len(positions), len(first))
    tokens[:, 0] = first
    torch.add(patches, positions, out=tokens[:, 1:])
    return tokens

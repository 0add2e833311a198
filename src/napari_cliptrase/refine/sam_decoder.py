"""The fast half of SAM: prompts in pixels of a window go in, low-resolution masks come out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_cliptrase.models.loaded_models import SamModel
from napari_cliptrase.refine.embedding import Embedding

PROMPTS_AT_ONCE: Final = 16  # prompts at once: the decoder repeats the whole embedding for each of them
MASK_LOGIT: Final = 6.0  # what a mask prompt says inside, and with a minus outside
_PIXELS_AT_ONCE: Final = 1 << 24


@dataclass(frozen=True, eq=False)
class DecoderPrompts:
    """P prompts for one window; None where a kind of prompt is not used.

    ``points`` (P, N, 2) float32 x, y in pixels; ``marks`` (P, N) 1 for inside, 0 for outside, -1 for no point;
    ``boxes`` (P, 4) float32 x0, y0, x1, y1; ``masks`` (P, 1, m, m) float32 logits in the frame of the network.
    """

    points: NDArray[np.float32] | None = None
    marks: NDArray[np.float32] | None = None
    boxes: NDArray[np.float32] | None = None
    masks: Tensor | None = None

    def __len__(self) -> int:
        return next(len(part) for part in (self.points, self.boxes, self.masks) if part is not None)

    def chunks(self) -> Iterator["DecoderPrompts"]:
        """Yield the prompts in groups that fit into memory."""
        for start in range(0, len(self), PROMPTS_AT_ONCE):
            part = slice(start, start + PROMPTS_AT_ONCE)
            yield DecoderPrompts(
                None if self.points is None else self.points[part],
                None if self.marks is None else self.marks[part],
                None if self.boxes is None else self.boxes[part],
                None if self.masks is None else self.masks[part],
            )


@dataclass(frozen=True, eq=False)
class DecoderMasks:
    """Low-resolution masks (P, M, m, m) float32 logits, and the IoU (P, M) that the network expects of each."""

    logits: Tensor
    quality: Tensor


@torch.inference_mode()
def decode_masks(sam: SamModel, embedding: Embedding, prompts: DecoderPrompts, *, several: bool) -> DecoderMasks:
    """Return one answer to each prompt, or with ``several`` the three that an ambiguous prompt may mean.

    Everything is float32: double precision does not run on Apple's GPU, half precision is too coarse for positions.
    """
    network, device = sam.module, sam.device
    scale_y, scale_x = (n / o for n, o in zip(embedding.input_size, embedding.original_size, strict=True))
    scale = torch.tensor([scale_x, scale_y], dtype=torch.float32, device=device)
    points = boxes = masks = None
    if prompts.points is not None and prompts.marks is not None:
        places = torch.from_numpy(np.ascontiguousarray(prompts.points, np.float32)).to(device) * scale
        points = (places, torch.from_numpy(np.ascontiguousarray(prompts.marks, np.float32)).to(device))
    if prompts.boxes is not None:
        boxes = torch.from_numpy(np.ascontiguousarray(prompts.boxes, np.float32)).to(device) * scale.repeat(2)
    if prompts.masks is not None:
        masks = prompts.masks.to(device)
    sparse, dense = network.prompt_encoder(points=points, boxes=boxes, masks=masks)
    logits, quality = network.mask_decoder(
        image_embeddings=embedding.features,
        image_pe=network.prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        multimask_output=several,
    )
    return DecoderMasks(logits, quality)


@torch.inference_mode()
def to_pixels(sam: SamModel, embedding: Embedding, logits: Tensor) -> Iterator[NDArray[np.float32]]:
    """Yield each of the low-resolution masks (P, m, m) as logits (H, W) float32 in pixels of the window."""
    height, width = embedding.original_size
    at_once = max(_PIXELS_AT_ONCE // max(height * width, sam.image_size**2), 1)
    for start in range(0, len(logits), at_once):
        frame = (sam.image_size, sam.image_size)
        part = logits[start : start + at_once, None].float().to(sam.device)
        large = functional.interpolate(part, frame, mode="bilinear", align_corners=False)
        large = large[..., : embedding.input_size[0], : embedding.input_size[1]]
        large = functional.interpolate(large, (height, width), mode="bilinear", align_corners=False)
        yield from large[:, 0].cpu().numpy()


def mask_prompt(sam: SamModel, region: NDArray[np.bool_]) -> Tensor:
    """Return a region (H, W) of a window as a mask prompt (1, m, m): logits by the share of each cell it fills."""
    return mask_logits(cover(region, max(region.shape), sam.mask_size))[None]


def mask_logits(shares: Tensor) -> Tensor:
    """Return the logits of a mask prompt (…, m, m) for the share of each cell that a region fills."""
    return (2 * shares - 1) * MASK_LOGIT


def cover(region: NDArray[np.bool_], side: int, cells: int) -> Tensor:
    """Return (cells, cells) float32: how much of each cell a region (H, W) fills; ``side`` pixels span all cells."""
    height, width = region.shape
    padded = functional.pad(torch.from_numpy(region).float(), (0, side - width, 0, side - height))
    return functional.adaptive_avg_pool2d(padded[None], cells)[0]

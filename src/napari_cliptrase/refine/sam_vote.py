"""SAM finds masks of everything, and each takes the class that most of its pixels have: CorrCLIP's map correction."""

from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.overlap import best_boxes
from napari_cliptrase.refine.sam_decoder import DecoderPrompts, decode_masks, to_pixels
from napari_cliptrase.refine.sam_windows import SamWindows, View, WindowResult

_OFFSET: Final = 1.0  # a stable mask hardly changes when its threshold moves by this, as in segment-anything


@dataclass(frozen=True)
class VoteOptions:
    """How masks are found and when they may vote.

    ``points`` a side of the grid of prompts; ``quality`` and ``stability`` a mask must reach; ``overlap`` of boxes from
    which on two masks are the same; ``majority`` the share of a mask's visible pixels that its class must have.
    """

    points: int = 8
    quality: float = 0.5
    stability: float = 0.7
    overlap: float = 0.8
    majority: float = 0.7


class SamVote(SamWindows):
    """Refines labels by the vote inside SAM's masks; pixels in no mask keep their label."""

    def __init__(self, embedder: Embedder, options: VoteOptions = VoteOptions()) -> None:
        super().__init__(embedder)
        self.options = options

    def record(self) -> dict[str, Any]:
        """Return method, model and options, fit for JSON."""
        return {"method": "sam-vote", **self.sam_record(), "options": asdict(self.options)}

    def refine_window(self, view: View) -> Generator[Progress, None, WindowResult]:
        """Find masks, paint them from large to small, and give what stays visible of each the class of its majority.

        What a smaller mask covers does not count in the larger one, so that a meadow does not absorb the house on it.
        """
        masks = yield from self._find(view)
        areas = (masks > 0).sum((-2, -1))
        masks = masks[areas.argsort(descending=True, stable=True)]
        points = self.options.points**2
        yield Progress(points, points, f"Voting in {len(masks)} masks")
        painted = np.zeros(view.labels.shape, np.int32)  # 0 is in no mask
        for number, logits in enumerate(to_pixels(view.sam, view.embedding, masks), start=1):
            painted[logits > 0] = number
        values, dense = np.unique(view.labels, return_inverse=True)
        counts = np.bincount(painted.ravel() * len(values) + dense.ravel(), minlength=(len(masks) + 1) * len(values))
        counts = counts.reshape(len(masks) + 1, len(values))
        decided = counts.max(1) > self.options.majority * counts.sum(1)
        decided[0] = False
        refined = np.where(decided[painted], values[counts.argmax(1)][painted], view.labels)
        used = int(decided.sum())
        return WindowResult(refined, used, len(masks) - used)

    def note(self, used: int, refused: int) -> str:
        """Return how many masks voted."""
        return f"{used} masks voted; {refused} had no class in the majority and changed nothing."

    def _find(self, view: View) -> Generator[Progress, None, Tensor]:
        """Return the low-resolution masks (P, m, m) of everything in a window, without doubles."""
        options = self.options
        points = grid_points(view.labels.shape, options.points)[:, None]
        prompts = DecoderPrompts(points=points, marks=np.ones(points.shape[:2], np.float32))
        kept = torch.empty(0, view.sam.mask_size, view.sam.mask_size, dtype=torch.float16)
        ranks = torch.empty(0)
        done = 0
        for chunk in prompts.chunks():
            yield Progress(done, len(prompts), f"Looking for masks, {done} of {len(prompts)} points")
            answers = decode_masks(view.sam, view.embedding, chunk, several=True)
            masks, quality = answers.logits.flatten(0, 1).cpu(), answers.quality.flatten().cpu()
            rank = stability(masks)
            good = (quality >= options.quality) & (rank >= options.stability) & (masks > 0).any(-1).any(-1)
            # duplicates are removed at once, so that a dense grid needs no more memory than a sparse one
            kept = torch.cat([kept, masks[good].half()])
            ranks = torch.cat([ranks, quality[good]])
            chosen = best_boxes(boxes_of(kept > 0), ranks, options.overlap)
            kept, ranks = kept[chosen], ranks[chosen]
            done += len(chunk)
        return kept


def grid_points(shape: tuple[int, ...], side: int) -> NDArray[np.float32]:
    """Return (side * side, 2) float32 x, y: the middles of equal cells over a window (H, W)."""
    height, width = shape
    steps = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    y, x = np.meshgrid(steps * np.float32(height) - np.float32(0.5), steps * np.float32(width) - np.float32(0.5))
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)


def stability(masks: Tensor) -> Tensor:
    """Return (P,) float32: how much of masks (P, m, m) of logits stays when the threshold moves a little."""
    inner = (masks > _OFFSET).sum((-2, -1)).float()
    outer = (masks > -_OFFSET).sum((-2, -1)).float()
    return inner / outer.clamp(min=1)


def boxes_of(masks: Tensor) -> Tensor:
    """Return (P, 4) float32 x0, y0, x1, y1 around masks (P, m, m) bool, none of them empty, in cells."""
    rows, columns = masks.any(2).int(), masks.any(1).int()
    size = masks.shape[-1]
    y0, x0 = rows.argmax(1), columns.argmax(1)
    y1, x1 = size - rows.flip(1).argmax(1), size - columns.flip(1).argmax(1)
    return torch.stack([x0, y0, x1, y1], 1).float()

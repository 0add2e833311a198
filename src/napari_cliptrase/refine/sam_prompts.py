"""Each piece of a segmentation prompts SAM with its point, its box and its mask, as Trident does."""

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt, label

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.components import Component, components_of
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.overlap import mask_iou
from napari_cliptrase.refine.sam_decoder import DecoderPrompts, decode_masks, mask_prompt, to_pixels
from napari_cliptrase.refine.sam_windows import SamWindows, View, WindowResult

NEARLY_CLAIMED: Final = 0.1  # confidence from which on a pixel counts as nearly claimed


@dataclass(frozen=True)
class PromptOptions:
    """When a mask of SAM replaces a piece of the coarse segmentation.

    ``quality`` the IoU that SAM must expect of it; ``overlap`` the IoU that it must have with the piece; ``least_area``
    pixels below which a piece is left as it is.
    """

    quality: float = 0.8
    overlap: float = 0.4
    least_area: int = 64


class SamPrompts(SamWindows):
    """Refines each connected piece of each class by itself; a refused answer leaves the piece as it was."""

    def __init__(self, embedder: Embedder, options: PromptOptions = PromptOptions()) -> None:
        super().__init__(embedder)
        self.options = options

    def record(self) -> dict[str, Any]:
        """Return method, model and options, fit for JSON."""
        return {"method": "sam-prompts", **self.sam_record(), "options": asdict(self.options)}

    def refine_window(self, view: View) -> Generator[Progress, None, WindowResult]:
        """Ask for a mask for each piece, and resolve overlaps of the accepted ones."""
        pieces = list(components_of(view.labels, self.options.least_area))
        claims = _PixelClaims(view.labels)
        used = 0
        for start, (group, prompts) in _groups(view, pieces):
            yield Progress(start, len(pieces), f"Asking for masks, {start} of {len(pieces)} pieces")
            answers = decode_masks(view.sam, view.embedding, prompts, several=False)
            masks = to_pixels(view.sam, view.embedding, answers.logits[:, 0])
            for piece, quality, logits in zip(group, answers.quality[:, 0].tolist(), masks, strict=True):
                found = mask_iou(piece.within(logits.shape), logits > 0) >= self.options.overlap
                if found and quality >= self.options.quality:
                    claims.add(piece, logits, _score(view, piece.class_id))
                    used += 1
        yield Progress(len(pieces), len(pieces), "Resolving overlaps")
        return WindowResult(claims.result(), used, len(pieces) - used)

    def note(self, used: int, refused: int) -> str:
        """Return how many pieces SAM redrew."""
        return f"SAM redrew {used} pieces; {refused} stay as they were, since its answer was unsure or elsewhere."


class _PixelClaims:
    """Decides the class of every pixel among accepted masks.

    A pixel goes to the mask whose confidence times class score is highest. Pixels that a redrawn piece
    lost and no mask claims go to the mask that comes closest to claiming them (narrow gaps between two masks); where
    no mask comes close, they go to the background or piece beside them that was not redrawn, or stay.
    """

    def __init__(self, labels: LabelArray) -> None:
        self.labels = labels
        self._winner = labels.copy()
        self._best = np.zeros(labels.shape, np.float32)
        self._claimed = np.zeros(labels.shape, bool)
        self._redrawn = np.zeros(labels.shape, bool)

    def add(self, piece: Component, logits: NDArray[np.float32], score: NDArray[np.float32] | None) -> None:
        """Add the mask (H, W) of logits that was accepted for a piece, with the (H, W) score of its class."""
        value = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        inside = logits > 0
        rival = value if score is None else value * score
        # a mask that claims a pixel goes before all that only come close to it
        wins = np.where(inside == self._claimed, rival > self._best, inside)
        self._winner[wins] = piece.class_id
        self._best[wins] = rival[wins]
        self._claimed |= inside
        self._redrawn[piece.rows, piece.columns] |= piece.region

    def result(self) -> LabelArray:
        """Return the labels (H, W) that follow from all claims."""
        result = np.where(self._claimed, self._winner, self.labels)
        given_up = self._redrawn & ~self._claimed
        if not given_up.any():
            return result
        gap = given_up & (self._best >= NEARLY_CLAIMED)
        result[gap] = self._winner[gap]
        left = given_up & ~gap
        untouched = ~self._redrawn & ~self._claimed
        regions, _ = label(left)
        beside = np.unique(regions[binary_dilation(untouched) & left])
        open_ones = np.isin(regions, beside) & left
        if open_ones.any():
            nearest = distance_transform_edt(~untouched, return_distances=False, return_indices=True)
            result[open_ones] = self.labels[tuple(nearest)][open_ones]
        return result


def _groups(view: View, pieces: list[Component]) -> Iterator[tuple[int, tuple[list[Component], DecoderPrompts]]]:
    """Yield pieces with their prompts in groups that SAM answers at once, and how many came before."""
    size = 16
    for start in range(0, len(pieces), size):
        group = pieces[start : start + size]
        points = np.stack([piece.peak(_score(view, piece.class_id)) for piece in group])[:, None]
        prompts = DecoderPrompts(
            points,
            np.ones(points.shape[:2], np.float32),
            np.stack([piece.box for piece in group]),
            torch.stack([mask_prompt(view.sam, piece.within(view.labels.shape)) for piece in group]),
        )
        yield start, (group, prompts)


def _score(view: View, class_id: int) -> NDArray[np.float32] | None:
    """Return the score (H, W) of a class in the window, or None when it is unknown."""
    if view.scores is None or class_id not in view.scores.ids:
        return None
    return view.scores.full(class_id, view.tile.rows, view.tile.columns)

"""Clicks and boxes that draw masks: the embedding is computed once, every answer after that takes a moment."""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.protocol import Image, check_image
from napari_cliptrase.refine.sam_decoder import DecoderPrompts, decode_masks, to_pixels

_MARGIN = 0.25  # of what is asked for, around it, when it is larger than a window


@dataclass(frozen=True)
class Click:
    """A pixel that belongs to the mask, or with ``inside`` false one that does not."""

    row: float
    column: float
    inside: bool = True


@dataclass(frozen=True)
class Box:
    """A rectangle around an object, borders in pixels."""

    top: float
    left: float
    bottom: float
    right: float


@dataclass(frozen=True)
class MaskRequest:
    """All clicks and the box of one mask."""

    clicks: tuple[Click, ...] = ()
    box: Box | None = None

    @property
    def is_ambiguous(self) -> bool:
        """Whether a part, a thing or a group may be meant: one click alone."""
        return self.box is None and len(self.clicks) == 1

    @property
    def extent(self) -> Box:
        """The rectangle that holds every click and the box."""
        rows = [click.row for click in self.clicks]
        columns = [click.column for click in self.clicks]
        if self.box is not None:
            rows += [self.box.top, self.box.bottom]
            columns += [self.box.left, self.box.right]
        return Box(min(rows), min(columns), max(rows), max(columns))


@dataclass(frozen=True, eq=False)
class Preview:
    """A mask to look at before it is accepted.

    ``mask`` (h, w) bool lies at ``rows``, ``columns`` of the image; ``quality`` is the IoU that SAM expects of it;
    it is number ``choice`` (from 0) of ``choices`` answers, best first.
    """

    mask: NDArray[np.bool_]
    rows: slice
    columns: slice
    quality: float
    choice: int
    choices: int

    def whole(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """(H, W) bool: the mask in the whole image."""
        whole = np.zeros(shape, bool)
        whole[self.rows, self.columns] = self.mask
        return whole


@dataclass(frozen=True, eq=False)
class _Step:
    request: MaskRequest
    rows: slice
    columns: slice
    logits: Tensor  # (M, m, m), best first
    quality: tuple[float, ...]
    choice: int = 0


class SamSession:
    """Draws one mask after the other on one image; coordinates are pixels of the image, whatever the zoom."""

    def __init__(self, embedder: Embedder, image: Image) -> None:
        check_image(image)
        self.embedder = embedder
        self.image = image
        self._focus: tuple[slice, slice] | None = None
        self._steps: list[_Step] = []

    @property
    def preview(self) -> Preview | None:
        """The mask as it stands, or None before the first click."""
        return self._shown(self._steps[-1]) if self._steps else None

    def focus(self, rows: slice, columns: slice) -> None:
        """Encode a part of the image alone from the next mask on, such as the visible part.

        That gives finer boundaries. The whole image as the part ends this.
        """
        height, width = self.image.shape[:2]
        part = (slice(*rows.indices(height)[:2]), slice(*columns.indices(width)[:2]))
        if part[0].start >= part[0].stop or part[1].start >= part[1].stop:
            raise CliptraseError("The part to look at lies outside the image; move the view onto the image.")
        self._focus = None if part == (slice(0, height), slice(0, width)) else part

    def embed_steps(self, row: float, column: float) -> Generator[Progress, None, None]:
        """Encode what clicks around a pixel will need, so that the first of them is answered at once."""
        rows, columns = self._window(MaskRequest((Click(row, column),)))
        pixels = self._pixels(rows, columns)
        wait = self.embedder.wait(0 if self.embedder.has(pixels) else 1)
        yield Progress(0, 1, f"Encoding for {self.embedder.sam.name}{wait}")
        self.embedder.embed(pixels)
        yield Progress(1, 1, "Ready for clicks")

    def click(self, row: float, column: float, inside: bool = True) -> Preview:
        """Add a click and return the mask; the first one of a mask has to be inside."""
        request = self._steps[-1].request if self._steps else MaskRequest()
        if not inside and request == MaskRequest():
            raise CliptraseError("Click into the object first; then click on what does not belong to it.")
        return self._ask(replace(request, clicks=(*request.clicks, Click(row, column, inside))))

    def box(self, top: float, left: float, bottom: float, right: float) -> Preview:
        """Set the box around the object and return the mask; corners in any order."""
        top, bottom = sorted((top, bottom))
        left, right = sorted((left, right))
        request = self._steps[-1].request if self._steps else MaskRequest()
        return self._ask(replace(request, box=Box(top, left, bottom, right)))

    def next_choice(self) -> Preview | None:
        """Return the next of the answers to a single click: a part, the thing, or the group."""
        if not self._steps:
            return None
        step = self._steps[-1]
        self._steps[-1] = replace(step, choice=(step.choice + 1) % len(step.quality))
        return self.preview

    def undo(self) -> Preview | None:
        """Undo the last click or box and return the mask before it."""
        if self._steps:
            self._steps.pop()
        return self.preview

    def clear(self) -> None:
        """Begin a new mask; the embedding stays."""
        self._steps.clear()

    def _ask(self, request: MaskRequest) -> Preview:
        self._check(request.extent)
        rows, columns = self._window(request)
        embedding = self.embedder.embed(self._pixels(rows, columns))
        before = self._steps[-1] if self._steps else None
        known = None
        if before is not None and (before.rows, before.columns) == (rows, columns):
            known = before.logits[before.choice].clamp(-32, 32)[None, None]
        corner = np.array([columns.start, rows.start], np.float32)
        points = marks = boxes = None
        if request.clicks:
            places = np.array([[click.column, click.row] for click in request.clicks], np.float32) - corner
            points, marks = places[None], np.array([[float(click.inside) for click in request.clicks]], np.float32)
        if request.box is not None:
            box = request.box
            edges = np.array([box.left, box.top, box.right, box.bottom], np.float32)
            boxes = (edges - np.tile(corner, 2))[None]
        prompts = DecoderPrompts(points, marks, boxes, known)
        answers = decode_masks(self.embedder.sam, embedding, prompts, several=request.is_ambiguous)
        order = answers.quality[0].argsort(descending=True)
        quality = tuple(float(value) for value in answers.quality[0][order])
        self._steps.append(_Step(request, rows, columns, answers.logits[0][order], quality))
        return self._shown(self._steps[-1])

    def _shown(self, step: _Step) -> Preview:
        embedding = self.embedder.embed(self._pixels(step.rows, step.columns))
        logits = next(to_pixels(self.embedder.sam, embedding, step.logits[step.choice][None]))
        return Preview(logits > 0, step.rows, step.columns, step.quality[step.choice], step.choice, len(step.quality))

    def _check(self, extent: Box) -> None:
        height, width = self.image.shape[:2]
        if extent.top < -0.5 or extent.left < -0.5 or extent.bottom > height + 0.5 or extent.right > width + 0.5:
            raise CliptraseError("That is outside the image; click on the image.")

    def _pixels(self, rows: slice, columns: slice) -> Image:
        return np.ascontiguousarray(self.image[rows, columns])

    def _window(self, request: MaskRequest) -> tuple[slice, slice]:
        """Return the part of the image to encode: the one in focus, one of a large image's windows, or a larger one."""
        extent = request.extent
        if self._steps:
            step = self._steps[-1]
            if _holds(step.rows, step.columns, extent):
                return step.rows, step.columns
        if self._focus is not None and _holds(*self._focus, extent):
            return self._focus
        height, width = self.image.shape[:2]
        middle = (
            min(max((extent.top + extent.bottom) / 2, 0), height - 1),
            min(max((extent.left + extent.right) / 2, 0), width - 1),
        )
        tile = next(tile for tile in self.embedder.tiles((height, width)) if tile.owns(*middle))
        if _holds(tile.rows, tile.columns, extent):
            return tile.rows, tile.columns
        reach = _MARGIN * max(extent.bottom - extent.top, extent.right - extent.left)
        rows = slice(max(int(extent.top - reach), 0), min(int(extent.bottom + reach) + 1, height))
        columns = slice(max(int(extent.left - reach), 0), min(int(extent.right + reach) + 1, width))
        return rows, columns


def _holds(rows: slice, columns: slice, extent: Box) -> bool:
    """Whether a rectangle of the image holds an extent; half a pixel beyond its edge still belongs to it."""
    inside_rows = rows.start - 0.5 <= extent.top and extent.bottom <= rows.stop + 0.5
    return bool(inside_rows and columns.start - 0.5 <= extent.left and extent.right <= columns.stop + 0.5)

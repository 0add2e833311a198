"""What both SAM methods share: the image in windows, each refined alone and joined where it is nearest."""

from abc import abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.models.loaded_models import SamModel
from napari_cliptrase.progress import Progress, map_progress
from napari_cliptrase.refine.embedding import Embedder, Embedding
from napari_cliptrase.refine.protocol import Image, RefineResult, StepwiseRefiner, check_image, progress_in_window
from napari_cliptrase.refine.tiles import Tile


@dataclass(frozen=True, eq=False)
class View:
    """One encoded window with the labels to refine: ``labels`` (H, W) of the window, ``tile`` its place."""

    sam: SamModel
    embedding: Embedding
    labels: LabelArray
    scores: ClassScores | None
    tile: Tile


@dataclass(frozen=True)
class WindowResult:
    """Refined labels (H, W) of a window, and how many masks were used and refused in it."""

    labels: LabelArray
    used: int
    refused: int


class SamWindows(StepwiseRefiner):
    """A SAM refinement method; the windows are encoded when they are first needed, and the embedder keeps them."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self.embedder = embedder

    @abstractmethod
    def refine_window(self, view: View) -> Generator[Progress, None, WindowResult]:
        """Refine one window, yielding its progress between steps that take time."""

    def prepare_steps(self, image: Image) -> Generator[Progress, None, None]:
        """Do what `prepare` does with the image (H, W, 3) uint8, window by window."""
        check_image(image)
        yield from self.embedder.embed_steps(image)
        self._image = image

    def refine_steps(
        self, labels: LabelArray, scores: ClassScores | None = None
    ) -> Generator[Progress, None, RefineResult]:
        """Do what `refine` does with labels (H, W), in steps; ``labels`` stay unchanged."""
        image = self._prepared_image(labels)
        tiles = self.embedder.tiles(image.shape[:2])
        refined = labels.copy()
        used = refused = 0
        for number, tile in enumerate(tiles):
            yield Progress(number, len(tiles), "Refining")
            window = np.ascontiguousarray(labels[tile.rows, tile.columns])
            if window.any():
                embedding = self.embedder.embed(np.ascontiguousarray(image[tile.rows, tile.columns]))
                steps = self.refine_window(View(self.embedder.sam, embedding, window, scores, tile))
                result = yield from map_progress(steps, partial(progress_in_window, number, len(tiles)))
                refined[tile.owned] = result.labels[tile.owned_within]
                used, refused = used + result.used, refused + result.refused
        yield Progress(len(tiles), len(tiles), "Refined")
        return RefineResult(refined, (self.note(used, refused),))

    @abstractmethod
    def note(self, used: int, refused: int) -> str:
        """Return in one sentence how many masks were used and refused."""

    def sam_record(self) -> dict[str, str]:
        """Return which SAM it is, fit for JSON."""
        return {"sam": self.embedder.sam.name, "sam_sha256": self.embedder.sam.weights_sha256}

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """Return method, model and options, fit for JSON."""

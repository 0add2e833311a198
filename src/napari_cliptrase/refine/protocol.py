"""What every refinement method offers: an image once, then any number of label arrays of it."""

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.progress import Progress, run_to_end

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class RefineResult:
    """Refined labels (H, W), of the dtype that came in, and what the user should know about them."""

    labels: NDArray[np.integer[Any]]
    notes: tuple[str, ...] = ()


class MaskRefiner(Protocol):
    """A method that sharpens labels along the image.

    The ``…_steps`` generators yield `Progress` between steps of the work and return what the plain methods return;
    stopping them changes nothing, since a result exists only at the end.
    """

    def prepare(self, image: Image) -> None:
        """Take the image (H, W, 3) uint8 that the next labels belong to."""

    def prepare_steps(self, image: Image) -> Generator[Progress, None, None]:
        """Do what `prepare` does with the image (H, W, 3) uint8, in steps."""

    def refine(self, labels: LabelArray, scores: ClassScores | None = None) -> RefineResult:
        """Return refined labels for labels (H, W) of any integer type, 0 for background; ``labels`` stay unchanged."""

    def refine_steps(
        self, labels: LabelArray, scores: ClassScores | None = None
    ) -> Generator[Progress, None, RefineResult]:
        """Do what `refine` does with labels (H, W), in steps."""

    def record(self) -> dict[str, Any]:
        """Return method, model and options, fit for JSON: what is needed to do the same again."""


class StepwiseRefiner(ABC):
    """What the methods share: the plain functions run the generators to their end."""

    def __init__(self) -> None:
        self._image: Image | None = None

    def prepare(self, image: Image) -> None:
        """Take the image (H, W, 3) uint8 that the next labels belong to."""
        run_to_end(self.prepare_steps(image))

    @abstractmethod
    def prepare_steps(self, image: Image) -> Generator[Progress, None, None]:
        """Do what `prepare` does with the image (H, W, 3) uint8, window by window."""

    def refine(self, labels: LabelArray, scores: ClassScores | None = None) -> RefineResult:
        """Return refined labels for labels (H, W) of the prepared image."""
        return run_to_end(self.refine_steps(labels, scores))

    @abstractmethod
    def refine_steps(
        self, labels: LabelArray, scores: ClassScores | None = None
    ) -> Generator[Progress, None, RefineResult]:
        """Do what `refine` does with labels (H, W), window by window; ``labels`` stay unchanged."""

    def _prepared_image(self, labels: LabelArray) -> Image:
        """Return the prepared image; raise a sentence when there is none or the labels do not lie on it."""
        if self._image is None:
            raise CliptraseError("Prepare an image before its labels are refined.")
        check_labels(labels, self._image.shape[:2])
        return self._image


def check_image(image: Image) -> None:
    """Raise a sentence when an array is not an (H, W, 3) uint8 image."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise CliptraseError(
            f"Refinement needs an image (height, width, 3) of uint8, but got {image.shape} of {image.dtype}; "
            "convert the plane to RGB first."
        )


def check_labels(labels: LabelArray, shape: tuple[int, int]) -> None:
    """Raise a sentence when labels do not lie on the image of ``shape``."""
    if labels.shape != shape:
        raise CliptraseError(
            f"The labels are {' × '.join(map(str, labels.shape))} pixels and the image is {shape[0]} × {shape[1]}; "
            "choose the image that the labels were drawn on."
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise CliptraseError(f"Labels must be whole numbers, but these are {labels.dtype}; convert them first.")


def progress_in_window(window: int, windows: int, step: Progress) -> Progress:
    """Return the progress within a window, counted over all windows."""
    # at the start of a window its steps may still be unknown
    total = max(step.total, 1)
    return replace(step, done=window * total + step.done, total=windows * total)

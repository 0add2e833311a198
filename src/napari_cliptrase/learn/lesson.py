"""Lessons: patches of one image that a person gave to a class, or took away from one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.spot_examples import SpotExamples, spots_of_shares
from napari_cliptrase.learn.spots import spot_grid

LEAST_PAINTED_SHARE = 0.05
"""A patch of which less is painted does not count."""


def class_key(name: str) -> str:
    """Return the form of a class name by which lessons meet prompts: whatever its case, and spaces around it."""
    return name.strip().casefold()


class LessonError(CliptraseError):
    """A lesson, or a file of lessons, cannot be used."""


class LessonAction(StrEnum):
    """What the person did."""

    PAINT = "paint"
    SCRIBBLE = "scribble"
    REGION = "region"
    SAM = "sam"
    MASK = "mask"
    """A whole mask that a person made or reviewed."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Patches of one image that belong to a class, or that do not.

    Attributes
    ----------
    class_name
        Name of the class; lessons meet prompts by name, whatever their case.
    features
        (n, d) float32 unit rows of the encoder.
    weight
        (n,) float32, above 0 to 1: the share of each patch that was painted.
    negative
        The patches do *not* belong to the class.
    image
        SHA-256 of the image's shape and pixels; several lessons of one image replace each other by this.
    action, time
        What the person did, and when, as an ISO date; both only for people to read.
    spots
        Examples that are smaller than a patch; a thing that owns no patch has only these. None where nobody looked.
    """

    class_name: str
    features: Floats = field(repr=False)
    weight: Floats = field(repr=False)
    negative: bool = False
    image: str = ""
    action: LessonAction = LessonAction.PAINT
    time: str = ""
    spots: SpotExamples | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        features, weight = np.asarray(self.features, np.float32), np.asarray(self.weight, np.float32)
        if not str(self.class_name).strip():
            raise LessonError("A lesson needs the name of a class.")
        if features.ndim != 2 or weight.shape != features.shape[:1]:
            raise LessonError(
                f"A lesson for {self.class_name!r} needs one weight for each of its patches, not {weight.shape} for "
                f"features of shape {features.shape}."
            )
        if not np.isfinite(features).all() or not ((weight > 0) & (weight <= 1)).all():
            raise LessonError(
                f"A lesson for {self.class_name!r} has features or weights that cannot be used as numbers."
            )
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "action", LessonAction(self.action))

    def __len__(self) -> int:
        return len(self.weight)

    def keep(self, rows: NDArray[np.bool_]) -> Self:
        """Return the lesson with only the patches ``rows`` (n,)."""
        return type(self)(
            self.class_name,
            self.features[rows],
            self.weight[rows],
            self.negative,
            self.image,
            self.action,
            self.time,
            self.spots,
        )

    @property
    def empty(self) -> bool:
        """Whether it holds neither a patch nor a spot."""
        return not len(self) and not self.spots


def lessons_from_labels(
    features: Floats,
    grid: tuple[int, int],
    labels: NDArray[np.integer],
    names: Mapping[int, str],
    taught: NDArray[np.bool_] | None = None,
    *,
    textures: Floats | None = None,
    image: str = "",
    action: LessonAction = LessonAction.MASK,
    time: str = "",
) -> tuple[Lesson, ...]:
    """Turn painted pixels into lessons, one for each class that was painted.

    Parameters
    ----------
    features
        (h*w, d) float32 unit rows, row by row.
    grid
        (h, w).
    labels
        (H, W) class ids over the same image.
    names
        Names of the ids that may teach; other ids teach nothing.
    taught
        (H, W) the pixels that a person set; None means all of them.
    textures
        (spots, TEXTURE_SIZE) how the spots of the image look; None: only patches teach.

    A patch that several classes share teaches the one that has most of it.
    """
    values = sorted(names)
    if not values:
        return ()
    shares = painted_shares(labels, grid, values, taught)
    owners = [(names[value], False) for value in values]
    spots: list[SpotExamples | None] | None = None
    if textures is not None:
        spots = spots_of_shares(textures, features, grid, painted_shares(labels, spot_grid(grid), values, taught))
    return lessons_from_shares(features, shares, owners, spots=spots, image=image, action=action, time=time)


def lessons_from_shares(
    features: Floats,
    shares: Floats,
    owners: Sequence[tuple[str, bool]],
    *,
    spots: Sequence[SpotExamples | None] | None = None,
    image: str = "",
    action: LessonAction = LessonAction.MASK,
    time: str = "",
) -> tuple[Lesson, ...]:
    """Turn shares of patches into lessons.

    Parameters
    ----------
    features
        (h*w, d) float32 unit rows, row by row.
    shares
        (owners, h*w) which share of each patch a person gave to each owner.
    owners
        Names of classes, and whether the patches do *not* belong to them.
    spots
        The spots of each owner; what is *not* a class has none that count.

    A patch that several owners share teaches the one that has most of it.
    """
    owner, most = shares.argmax(0), shares.max(0)
    lessons = []
    for index, (name, negative) in enumerate(owners):
        rows = (owner == index) & (most >= LEAST_PAINTED_SHARE)
        small = None if spots is None or negative else spots[index]
        if rows.any() or small is not None:
            lessons.append(Lesson(name, features[rows], most[rows], negative, image, action, time, small))
    return tuple(lessons)


def painted_shares(
    labels: NDArray[np.integer], grid: tuple[int, int], values: list[int], taught: NDArray[np.bool_] | None = None
) -> Floats:
    """(values, h*w) float32: which share of each patch the pixels (H, W) of each value cover."""
    height, width = labels.shape
    cells = grid[0] * grid[1]
    cell = (np.arange(height) * grid[0] // height)[:, None] * grid[1] + np.arange(width) * grid[1] // width
    size = np.maximum(np.bincount(cell.ravel(), minlength=cells), 1)
    painted = np.ones(labels.shape, bool) if taught is None else taught
    shares = [np.bincount(cell[(labels == value) & painted], minlength=cells) / size for value in values]
    return np.asarray(shares, np.float32)

"""The clicks and boxes that say what an object is; a value that grows and shrinks by one mark."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Point:
    """A click on pixel (row, column); ``inside`` tells whether it belongs to the object."""

    row: float
    column: float
    inside: bool = True


@dataclass(frozen=True)
class Box:
    """Pixel edges of a rectangle around the object."""

    top: float
    left: float
    bottom: float
    right: float

    @classmethod
    def between(cls, one: tuple[float, float], other: tuple[float, float]) -> "Box":
        """Return the box of two opposite corners (row, column), in any order."""
        (top, bottom), (left, right) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        return cls(top, left, bottom, right)

    def clipped(self, height: int, width: int) -> "Box":
        """Return the part inside an image."""
        return Box(max(self.top, 0), max(self.left, 0), min(self.bottom, height - 1), min(self.right, width - 1))

    @property
    def empty(self) -> bool:
        """Whether it is thinner than a pixel."""
        return self.bottom - self.top < 1 or self.right - self.left < 1


@dataclass(frozen=True)
class Marks:
    """Clicks and boxes in the order they were made; of several boxes the last one holds."""

    made: tuple[Point | Box, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.made)

    def plus(self, mark: Point | Box) -> "Marks":
        """Return the marks with one more."""
        return Marks((*self.made, mark))

    def without_last(self) -> "Marks":
        """Return the marks before the last one was made."""
        return Marks(self.made[:-1])

    @property
    def points(self) -> tuple[Point, ...]:
        """The clicks."""
        return tuple(mark for mark in self.made if isinstance(mark, Point))

    @property
    def box(self) -> Box | None:
        """The box that holds."""
        return next((mark for mark in reversed(self.made) if isinstance(mark, Box)), None)

    @property
    def usable(self) -> bool:
        """Whether they say where the object is; clicks outside the object alone do not."""
        return self.box is not None or any(point.inside for point in self.points)

    def coordinates(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(n, 2) float32 clicks as (x, y) and (n,) int64, 1 inside and 0 outside: what SAM takes."""
        points = self.points
        places = np.array([(point.column, point.row) for point in points], np.float32).reshape(-1, 2)
        return places, np.array([int(point.inside) for point in points], np.int64)

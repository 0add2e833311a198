"""Which planes of a stack are meant: a range along one or several of its axes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import AxisRoles

_PART = re.compile(r"(?:([A-Za-z])=)?(\d+)(?:-(\d+))?")


@dataclass(frozen=True)
class PlaneRange:
    """Planes ``first`` to ``last`` along the axis with a letter; both belong to it, and counting starts at 0."""

    letter: str
    first: int
    last: int


@dataclass(frozen=True)
class PlaneRanges:
    """Ranges along some axes of a stack; along the other axes all planes are meant."""

    ranges: tuple[PlaneRange, ...]

    @classmethod
    def parse(cls, text: str, roles: AxisRoles, shape: Sequence[int]) -> "PlaneRanges":
        """Read ``T=3-10``, ``T=3-10,Z=4``, or ``3-10`` where there is one axis of planes, for an array of ``shape``."""
        lengths = {roles.letters[axis]: shape[axis] for axis in roles.planes}
        axes = ", ".join(f"{letter}=0-{length - 1}" for letter, length in lengths.items())
        if not lengths:
            raise CliptraseError(f"Planes {text} cannot be chosen: the image has one plane.")
        ranges: list[PlaneRange] = []
        for part in text.split(","):
            found = _PART.fullmatch(part.strip())
            if found is None:
                raise CliptraseError(f"{part.strip()!r} is not a range of planes; write one such as {axes}.")
            letter, first, last = found[1] and found[1].upper(), int(found[2]), int(found[3] or found[2])
            if letter is None and len(lengths) > 1:
                raise CliptraseError(f"{part.strip()} does not say along which axis; the image has {axes}.")
            letter = letter or next(iter(lengths))
            if letter not in lengths:
                raise CliptraseError(f"There are no planes along {letter}; the image has {axes}.")
            if not first <= last < lengths[letter]:
                raise CliptraseError(f"There are no planes {first} to {last} along {letter}; the image has {axes}.")
            if letter in [earlier.letter for earlier in ranges]:
                raise CliptraseError(f"{text} names the axis {letter} twice.")
            ranges.append(PlaneRange(letter, first, last))
        return cls(tuple(ranges))

    def indices(self, roles: AxisRoles, shape: Sequence[int]) -> list[tuple[int, ...]]:
        """Return the index of each plane that is meant, in the order of the planes of an array of ``shape``."""
        along = {entry.letter: entry for entry in self.ranges}
        spans = []
        for axis in roles.planes:
            chosen = along.get(roles.letters[axis])
            last = shape[axis] - 1 if chosen is None else min(chosen.last, shape[axis] - 1)
            spans.append(range(0 if chosen is None else chosen.first, last + 1))
        return list(product(*spans))


def rows_of_planes(indices: Sequence[PlaneIndex]) -> list[list[PlaneIndex]]:
    """Part planes, in their order, into rows of neighbours: from one to the next, one number grows by one.

    A film of stacks gives the stack of each moment, or the film of a plane where one plane of each stack is given.
    """
    rows: list[list[PlaneIndex]] = []
    for index in indices:
        if rows and sum(abs(here - before) for here, before in zip(index, rows[-1][-1], strict=True)) == 1:
            rows[-1].append(index)
        else:
            rows.append([index])
    return rows

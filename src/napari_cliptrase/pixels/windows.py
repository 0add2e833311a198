"""Where the windows of a large image lie, and how their results are joined.

Everything is counted in patches of one grid that covers the working image, so that the patches of all windows coincide.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Span:
    """Patches ``start`` to ``stop`` along one axis."""

    start: int
    stop: int

    @property
    def slice(self) -> slice:
        """The span as an index."""
        return slice(self.start, self.stop)

    def pixels(self, cells: int, size: int) -> "Span":
        """The span in pixels, where ``size`` pixels lie over ``cells`` patches."""
        return Span(_pixel(self.start * size / cells), _pixel(self.stop * size / cells))


@dataclass(frozen=True)
class Window:
    """A rectangle of patches."""

    rows: Span
    columns: Span

    @classmethod
    def of(cls, box: tuple[slice, slice]) -> "Window":
        """Return a box, rows and columns with start and stop, as a window."""
        rows, columns = (Span(part.start, part.stop) for part in box)
        return cls(rows, columns)

    @property
    def index(self) -> tuple[slice, slice]:
        """The window as an index into a (h, w) grid or image."""
        return self.rows.slice, self.columns.slice

    def scaled(self, factor: int) -> tuple[slice, slice]:
        """Return the window as an index into an image with ``factor`` pixels per patch."""
        rows, columns = (Span(span.start * factor, span.stop * factor).slice for span in (self.rows, self.columns))
        return rows, columns

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the window."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def overlap(self, other: "Window") -> "Window":
        """Return what two windows share; without any rows or columns where they do not meet."""
        rows, columns = (
            Span(max(a.start, b.start), max(a.start, b.start, min(a.stop, b.stop)))
            for a, b in ((self.rows, other.rows), (self.columns, other.columns))
        )
        return Window(rows, columns)

    def within(self, outer: "Window") -> tuple[slice, slice]:
        """Return the window as an index into what ``outer`` covers."""
        return (
            slice(self.rows.start - outer.rows.start, self.rows.stop - outer.rows.start),
            slice(self.columns.start - outer.columns.start, self.columns.stop - outer.columns.start),
        )


@dataclass(frozen=True)
class WindowPlan:
    """Windows of one size that cover a grid of patches.

    Attributes
    ----------
    grid
        (h, w) patches of the whole working image.
    size
        (h, w) patches of each window.
    windows
        Row by row from the top left.
    step
        (h, w) patches from the core of a window to the next, where the cores are all of one size; None where windows
        are spread evenly.
    """

    grid: tuple[int, int]
    size: tuple[int, int]
    windows: tuple[Window, ...]
    step: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.windows)

    def weight(self) -> NDArray[np.float32]:
        """(window h, window w) weight of a window's patches where windows overlap: it falls off to the edges."""
        rows, columns = (np.minimum(np.arange(n) + 1, n - np.arange(n)).astype(np.float32) for n in self.size)
        return np.asarray(rows[:, None] * columns)

    def owned(self, number: int, shape: tuple[int, int]) -> tuple[Window, Window]:
        """What a window is the nearest one for, in pixels of an image of ``shape``, and its own extent there.

        The owned parts of all windows cover the image without overlap.
        """
        window = self.windows[number]
        extent = Window(window.rows.pixels(self.grid[0], shape[0]), window.columns.pixels(self.grid[1], shape[1]))
        row_starts, column_starts = self.starts
        if self.step is not None:
            steps = self.core_shape(shape)
            rows = _core(row_starts.index(window.rows.start), len(row_starts), steps[0], shape[0])
            columns = _core(column_starts.index(window.columns.start), len(column_starts), steps[1], shape[1])
            return Window(rows, columns), extent
        rows = _nearest(row_starts, window.rows, self.grid[0], shape[0])
        columns = _nearest(column_starts, window.columns, self.grid[1], shape[1])
        return Window(rows, columns), extent

    def core_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """(h, w) pixels of a core in an image of ``shape``; the last one of a row or column takes what is left."""
        height, width = (
            max(1, round(step * size / cells))
            for step, size, cells in zip(self.step or self.grid, shape, self.grid, strict=True)
        )
        return height, width

    def record(self) -> dict[str, object]:
        """Return where the windows lie, in patches of the whole image, fit for JSON."""
        rows, columns = self.starts
        return {"grid": list(self.grid), "size": list(self.size), "rows": rows, "columns": columns}

    @cached_property
    def starts(self) -> tuple[list[int], list[int]]:
        """Where windows begin along y and along x; found once, since there may be many windows."""
        return sorted({w.rows.start for w in self.windows}), sorted({w.columns.start for w in self.windows})


def plan_windows(grid: tuple[int, int], largest: int, overlap: float) -> WindowPlan:
    """Cover a grid of (h, w) patches with as few windows as possible.

    Parameters
    ----------
    grid
        Patches of the working image.
    largest
        No window is longer than this many patches along any axis.
    overlap
        Least share of a window that its neighbour repeats, 0 to below 1.
    """
    rows, columns = (_spans(size, largest, overlap) for size in grid)
    windows = tuple(Window(row, column) for row in rows for column in columns)
    return WindowPlan(grid, (_length(rows[0]), _length(columns[0])), windows)


def plan_cores(grid: tuple[int, int], largest: int, overlap: float) -> WindowPlan:
    """Cover a grid of (h, w) patches with windows whose cores are of one size, counted from the top left corner.

    For images so large that results are stored core by core. Parameters are those of `plan_windows`.
    """
    spans, steps = [], []
    for size in grid:
        length = min(size, largest)
        step = max(1, math.floor(length * (1 - overlap) + 1e-9)) if length < size else size
        margin = (length - step) // 2
        starts = [min(max(start - margin, 0), size - length) for start in range(0, size, step)]
        spans.append([Span(start, start + length) for start in dict.fromkeys(starts)])
        steps.append(step)
    windows = tuple(Window(row, column) for row in spans[0] for column in spans[1])
    return WindowPlan(grid, (_length(spans[0][0]), _length(spans[1][0])), windows, (steps[0], steps[1]))


def _spans(size: int, largest: int, overlap: float) -> list[Span]:
    """Equally long spans, evenly spread, the last one ending at the border."""
    if size <= largest:
        return [Span(0, size)]
    length, count = largest, 1
    while True:
        count += 1
        length = math.ceil(size / (count - (count - 1) * overlap))
        if length <= largest:
            break
        if count > size:  # the overlap leaves no room to advance: one patch at a time
            length, count = largest, size - largest + 1
            break
    starts = [round(i * (size - length) / (count - 1)) for i in range(count)]
    return [Span(start, start + length) for start in dict.fromkeys(starts)]


def _length(span: Span) -> int:
    return span.stop - span.start


def _nearest(starts: list[int], span: Span, cells: int, size: int) -> Span:
    """Pixels that are nearer to the middle of ``span`` than to that of spans with other ``starts``."""
    place = starts.index(span.start)
    # spans are equally long, so the border of two lies half-way between their starts, moved by half a length
    half = _length(span) / 2
    low, high = 0, size
    if place > 0:
        low = _pixel(((starts[place - 1] + starts[place]) / 2 + half) * size / cells)
    if place < len(starts) - 1:
        high = _pixel(((starts[place] + starts[place + 1]) / 2 + half) * size / cells)
    return Span(low, high)


def _core(place: int, count: int, step: int, size: int) -> Span:
    """Pixels of the core at a place; the last one reaches the border."""
    return Span(min(place * step, size), size if place == count - 1 else min((place + 1) * step, size))


def _pixel(position: float) -> int:
    """Nearest pixel border; halves go down, always, so that neighbours agree."""
    return math.ceil(position - 0.5)

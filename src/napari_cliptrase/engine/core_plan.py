"""Which cores of a large plane are asked for, and which windows they need."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from napari_cliptrase.engine.plan import plan_view
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.pixels.planes import PlaneBox
from napari_cliptrase.pixels.windows import Span, Window, WindowPlan
from napari_cliptrase.pixels.working_image import WorkingImage


@dataclass(frozen=True, eq=False)
class CorePlan:
    """The windows of a large plane, fixed to the plane and not to what is asked of it.

    Attributes
    ----------
    working, windows
        How the plane is looked at, see `napari_cliptrase.engine.plan.EncodePlan`.
    """

    working: WorkingImage
    windows: WindowPlan

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the plane."""
        return self.working.image_shape

    def core(self, number: int) -> Window:
        """Return the pixels of a core."""
        return self.windows.owned(number, self.shape)[0]

    def cores_in(self, box: PlaneBox | None, finished: Collection[int] = ()) -> list[int]:
        """Return the cores that touch a box (default: all), without the finished ones, row by row."""
        if box is None:
            return [number for number in range(len(self.windows)) if number not in finished]
        rows, columns = (_span(part, size) for part, size in zip(box, self.shape, strict=True))
        return [
            number
            for number in range(len(self.windows))
            if number not in finished and _meet(core := self.core(number), rows, columns) and 0 not in core.shape
        ]

    def cells(self, core: Window) -> Window:
        """Return the patches that the labels of a core depend on: those below it and one more on each side."""
        rows, columns = (
            Span(max(0, math.floor(span.start * cells / size) - 1), min(cells, math.ceil(span.stop * cells / size) + 1))
            for span, cells, size in zip((core.rows, core.columns), self.windows.grid, self.shape, strict=True)
        )
        return Window(rows, columns)

    def windows_of(self, number: int) -> list[int]:
        """Return the windows that lie over the patches of a core, in order; its own is among them."""
        cells = self.cells(self.core(number))
        row_starts, column_starts = self.windows.starts
        rows = _over(row_starts, self.windows.size[0], cells.rows)
        columns = _over(column_starts, self.windows.size[1], cells.columns)
        return [row * len(column_starts) + column for row in rows for column in columns]

    def pixels(self, number: int) -> tuple[float, float, float, float]:
        """(top, left, bottom, right) of a window in pixels of the plane."""
        window = self.windows.windows[number]
        down, along = (size / cells for size, cells in zip(self.shape, self.windows.grid, strict=True))
        return (
            window.rows.start * down,
            window.columns.start * along,
            window.rows.stop * down,
            window.columns.stop * along,
        )

    def needed(self, cores: Iterable[int]) -> list[int]:
        """Return the windows of cores, each once, in the order in which they are needed first."""
        return list(dict.fromkeys(number for core in cores for number in self.windows_of(core)))

    def record(self) -> dict[str, object]:
        """Return where the windows lie, fit for JSON."""
        return {**self.windows.record(), "image": list(self.shape)}


def plan_large(shape: tuple[int, int], patch: int, settings: Settings) -> CorePlan:
    """Plan a plane of (H, W) pixels for a model with a ``patch`` of so many pixels."""
    return CorePlan(*plan_view(shape, patch, settings))


def _span(part: slice, size: int) -> Span:
    start, stop, _ = part.indices(size)
    return Span(start, stop)


def _meet(core: Window, rows: Span, columns: Span) -> bool:
    return (
        core.rows.start < rows.stop
        and rows.start < core.rows.stop
        and core.columns.start < columns.stop
        and columns.start < core.columns.stop
    )


def _over(starts: list[int], length: int, cells: Span) -> list[int]:
    return [place for place, start in enumerate(starts) if start < cells.stop and cells.start < start + length]

"""Large images in windows: each is refined alone, and gives the pixels whose nearest window it is."""

from dataclasses import dataclass

from napari_cliptrase.pixels.windows import Window, plan_windows

OVERLAP = 0.25


@dataclass(frozen=True)
class Tile:
    """A window of an image: its pixels (``rows``, ``columns``), and the part that its result is used for."""

    rows: slice
    columns: slice
    owned_rows: slice
    owned_columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the window."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    @property
    def owned(self) -> tuple[slice, slice]:
        """The owned part as an index into the image."""
        return self.owned_rows, self.owned_columns

    @property
    def owned_within(self) -> tuple[slice, slice]:
        """The owned part as an index into the window."""
        return _shifted(self.owned_rows, self.rows.start), _shifted(self.owned_columns, self.columns.start)

    def owns(self, row: float, column: float) -> bool:
        """Whether the pixel at a position belongs to this window."""
        inside_rows = self.owned_rows.start <= int(row) < self.owned_rows.stop
        return bool(inside_rows and self.owned_columns.start <= int(column) < self.owned_columns.stop)


def tiles_of(shape: tuple[int, int], largest: int) -> tuple[Tile, ...]:
    """Cover an image (H, W) with windows of at most ``largest`` pixels along each side."""
    plan = plan_windows(shape, largest, OVERLAP)
    found = []
    for number in range(len(plan)):
        owned, extent = plan.owned(number, shape)
        found.append(_tile(owned, extent))
    return tuple(found)


def grown(box: tuple[slice, slice], margin: int) -> tuple[slice, slice]:
    """Return a box with a margin in pixels; it may reach beyond the far sides of the image, as slices may."""
    rows, columns = (slice(max(side.start - margin, 0), side.stop + margin) for side in box)
    return rows, columns


def _tile(owned: Window, extent: Window) -> Tile:
    return Tile(extent.rows.slice, extent.columns.slice, owned.rows.slice, owned.columns.slice)


def _shifted(part: slice, start: int) -> slice:
    return slice(part.start - start, part.stop - start)

"""How much the patches of an image resemble each other, as a model sees them."""

from dataclasses import dataclass, field

from napari_cliptrase.array_types import Floats


@dataclass(frozen=True, eq=False)
class PatchLikeness:
    """The patches of a window of a grid.

    Attributes
    ----------
    rows, columns
        Where the window lies on the grid.
    correlation
        (L, L) float32 from -1 to 1, patches row by row from the top left of the window.
    """

    rows: slice
    columns: slice
    correlation: Floats = field(repr=False)

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) patches of the window."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

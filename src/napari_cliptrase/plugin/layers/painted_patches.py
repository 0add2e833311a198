"""Which share of each patch a person gave to each class, kept up to date a few rows at a time.

    patches = PaintedPatches(label_layers.contents, history, target, encoding.grid)
    patches.note_rows(slice(10, 60))     # a stroke changed something there
    patches.renew()                      # reads these rows of all label layers
    patches.shares()                     # {(class id, negative): (h*w,) share of each patch}
    patches.spot_shares()                # the same of each spot

A pixel that a person erased belongs to the background, and *not* to the class that the model had written there.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats, LabelArray, Mask
from napari_cliptrase.learn.spots import SPOTS_ALONG, spot_grid
from napari_cliptrase.plugin.layers.baseline import Baseline
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.layer_contents import LayerContents
from napari_cliptrase.plugin.layers.plane_merge import Content, join_class_layers
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import class_of

PatchOwner = tuple[int, bool]
"""Id of a class (0 for the background), and whether the pixels do *not* belong to it."""

PAINTED_DTYPE: Final = np.dtype(np.uint16)


class PaintedPatches:
    """The hand edits of one plane on the grid of its patches, and of their spots.

    Attributes
    ----------
    target
        The box of the plane that the grid covers.
    stated
        (h, w) pixels of the box that a person stated, as of the last `renew`.
    """

    def __init__(self, contents: LayerContents, history: History, target: Target, grid: tuple[int, int]) -> None:
        self._contents = contents
        self._history = history
        self._grid = grid = spot_grid(grid)
        self._counts: dict[PatchOwner, NDArray[np.int64]] = {}
        self._starts = _starts(target.shape[0], grid[0])
        self._cell_columns = np.arange(target.shape[1]) * grid[1] // target.shape[1]
        self._dirty = set(range(grid[0]))
        self.target = target
        self.stated = np.zeros(target.shape, bool)

    def note_rows(self, rows: slice) -> None:
        """Read some rows of the plane (with start and stop) again at the next `renew`."""
        first, last = rows.start - self.target.rows.start, rows.stop - 1 - self.target.rows.start
        height = self.target.shape[0]
        if last < 0 or first >= height:
            return
        cells = np.searchsorted(self._starts, [max(first, 0), min(last, height - 1)], side="right") - 1
        self._dirty.update(range(int(cells[0]), int(cells[1]) + 1))

    def note_all(self) -> None:
        """Read everything again at the next `renew`."""
        self._dirty.update(range(self._grid[0]))

    def renew(self) -> None:
        """Read the rows that changed; raises a sentence when the image has gone or changed."""
        image = self._contents.image(self.target)
        if not self._dirty:
            return
        fitting = self._contents.fitting_layers(image, self.target)
        layers = [layer for layer in fitting if class_of(layer) is not None] or fitting
        known = [self._known(layer) for layer in layers]
        for cell in sorted(self._dirty):
            rows = slice(int(self._starts[cell]), int(self._starts[cell + 1]))
            if rows.stop > rows.start:
                self._count(cell, rows, known)
        self._dirty.clear()

    def shares(self) -> dict[PatchOwner, Floats]:
        """Shares (h*w,) of each class that a person gave pixels to, or took them from."""
        return self._shares(SPOTS_ALONG)

    def spot_shares(self) -> dict[PatchOwner, Floats]:
        """Shares (spots,) of the same; what has a share of a patch has one of a spot of it."""
        return self._shares(1)

    def _shares(self, along: int) -> dict[PatchOwner, Floats]:
        """Shares of squares of ``along`` × ``along`` spots."""
        rows, columns = self._grid[0] // along, self._grid[1] // along
        height = np.diff(self._starts).reshape(rows, along).sum(1)
        width = np.bincount(self._cell_columns, minlength=self._grid[1]).reshape(columns, along).sum(1)
        pixels = np.maximum(np.outer(height, width), 1)
        return {
            owner: (counts.reshape(rows, along, columns, along).sum((1, 3)) / pixels).astype(np.float32).ravel()
            for owner, counts in sorted(self._counts.items())
            if counts.any()
        }

    def _known(self, layer: Labels) -> "_KnownLayer":
        geometry, plane = self.target.geometry, self.target.plane
        content = geometry.plane_of(layer.data, plane)
        return _KnownLayer(content, self._history.baseline(layer, geometry, plane), class_of(layer))

    def _count(self, cell: int, rows: slice, known: Iterable["_KnownLayer"]) -> None:
        """Count the pixels of one row of cells; ``rows`` are those of the box."""
        for counts in self._counts.values():
            counts[cell] = 0
        labels, given, written = self._read(rows, known)
        stated = self.stated[rows]
        if not stated.any():
            return
        erased = stated & (labels == 0)
        lost = erased & (written != 0)
        for values, where, negative in ((labels, given | erased, False), (written, lost, True)):
            for value in np.unique(values[where]).tolist():
                per_column = np.count_nonzero(where & (values == value), axis=0)
                found = np.bincount(self._cell_columns, weights=per_column, minlength=self._grid[1])
                counts = self._counts.setdefault((value, negative), np.zeros(self._grid, np.int64))
                counts[cell] = found.astype(np.int64)

    def _read(self, rows: slice, known: Iterable["_KnownLayer"]) -> tuple[LabelArray, Mask, LabelArray]:
        """Return labels, which of them a person gave, and what the model had written, in some rows of the box."""
        box, columns = self.target.rows, self.target.columns
        in_plane = slice(rows.start + box.start, rows.stop + box.start)
        shape = rows.stop - rows.start, self.target.shape[1]
        written, given, contents = np.zeros(shape, PAINTED_DTYPE), np.zeros(shape, bool), []
        self.stated[rows] = False
        for layer in known:
            content = layer.content[in_plane]
            edits = layer.baseline.edits_in(in_plane, content, layer.class_id)[:, columns]
            held = layer.baseline.written_in(in_plane, PAINTED_DTYPE, layer.class_id)[:, columns]
            written = np.where(held != 0, held, written)
            content = content[:, columns]
            self.stated[rows] |= edits
            given |= edits & (content != 0)
            contents.append(Content(content, edits, layer.class_id))
        return join_class_layers(contents, shape, PAINTED_DTYPE)[0], given, written


class _KnownLayer(NamedTuple):
    """(H, W) content of a plane of a layer, and what is known of it."""

    content: LabelArray
    baseline: Baseline
    class_id: int | None


def _starts(pixels: int, cells: int) -> NDArray[np.int64]:
    """(cells + 1,) first pixel of each cell along one axis, and the end."""
    cell = np.arange(pixels) * cells // pixels
    return np.searchsorted(cell, np.arange(cells + 1)).astype(np.int64)

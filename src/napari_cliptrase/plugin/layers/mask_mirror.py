"""The mask of an image as its label layers say now, kept up to date a few rows at a time.

Layers hold a class each, with what a person stated; a mask file holds one label a pixel, with where it comes from.
Joining them for a whole plane takes long, so only rows in which something changed are joined again, and of those no
more at once than a window has time for.

    mirror = MaskMirror(label_layers, geometry, {(): annotation})
    mirror.note_rows((), slice(10, 60))       # rows in which a stroke changed something
    mirror.note_layer(layer)                  # something changed in it, nobody knows where
    for change in mirror.renew(0.004): ...    # what differs from what was there, after at most 4 ms of joining
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.layers.plane_merge import Content, join_class_layers
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import class_of
from napari_cliptrase.project.pixel_provenance import Provenance, Sources
from napari_cliptrase.project.plane_files import Annotation

ROWS_JOINED = 16
"""Rows that are joined at a time."""


@dataclass(frozen=True)
class MirrorChange:
    """A plane of the mirror that changed, and the rows and columns outside of which it did not."""

    plane: PlaneIndex
    rows: slice
    columns: slice

    def joined(self, other: "MirrorChange | None") -> "MirrorChange":
        """Return the change that holds both, of one plane."""
        if other is None:
            return self
        return MirrorChange(self.plane, _hull(self.rows, other.rows), _hull(self.columns, other.columns))


@dataclass(eq=False)
class _Plane:
    """One plane: what was stored, what it is now, and where the pixels of no person come from."""

    stored: Annotation
    labels: NDArray[np.integer]
    sources: Sources
    kind: Provenance | None = None


class MaskMirror:
    """Mirrors the planes of one image.

    Parameters
    ----------
    layers
        Returns the label layers that count, bottom first.
    history
        What is known of their pixels.
    geometry
        Shape and axes of the layers.
    stored
        What was saved of each plane; the layers hold just that at the beginning. The arrays are not changed.
    """

    def __init__(
        self,
        layers: Callable[[], Iterable[Labels]],
        history: History,
        geometry: LayerGeometry,
        stored: Mapping[PlaneIndex, Annotation],
    ) -> None:
        self._layers = layers
        self._history = history
        self._geometry = geometry
        self._planes = {
            plane: _Plane(annotation, annotation.labels.copy(), annotation.sources.copy())
            for plane, annotation in stored.items()
        }
        self._dirty: dict[tuple[PlaneIndex, int], None] = {}
        self._to_scan: dict[tuple[Labels, PlaneIndex, int], None] = {}
        self._changed: dict[PlaneIndex, MirrorChange] = {}

    # -- what changed -------------------------------------------------------------------------------------------------

    def note_rows(self, plane: PlaneIndex, rows: slice) -> None:
        """Join some rows (with start and stop) again, the next time there is time for it."""
        if plane in self._planes:
            for band in range(rows.start // ROWS_JOINED, -(-rows.stop // ROWS_JOINED)):
                self._dirty[plane, band] = None

    def note_layer(self, layer: Labels) -> None:
        """Look through a layer for rows that do not agree with the mirror."""
        for plane in self._planes:
            for band in range(self._bands):
                self._to_scan[layer, plane, band] = None

    def note_plane(self, plane: PlaneIndex, kind: Provenance | None = None) -> None:
        """Join a plane again; ``kind`` is where labels that no person stated come from now."""
        if plane in self._planes:
            if kind is not None:
                self._planes[plane].kind = kind
            self.note_rows(plane, slice(0, self._geometry.plane_shape[0]))

    # -- what is there ------------------------------------------------------------------------------------------------

    @property
    def clean(self) -> bool:
        """Whether nothing waits to be joined."""
        return not self._dirty and not self._to_scan

    @property
    def planes(self) -> tuple[PlaneIndex, ...]:
        """The planes that are mirrored."""
        return tuple(self._planes)

    def annotation(self, plane: PlaneIndex) -> Annotation:
        """Return labels and sources of a plane as they were joined last; the arrays change with the next joining."""
        found = self._planes[plane]
        return Annotation(found.labels, found.sources)

    def renew(self, seconds: float | None = None) -> tuple[MirrorChange, ...]:
        """Join what changed, for at most about ``seconds``; None: all of it.

        Returns what changed since the last time nothing was left to join, and nothing before that: a mask is saved as
        a whole, or not yet.
        """
        end = None if seconds is None else time.perf_counter() + seconds
        while not self.clean:
            if self._dirty:
                plane, band = next(iter(self._dirty))
                del self._dirty[plane, band]
                self._join(plane, self._rows(band))
            else:
                layer, plane, band = next(iter(self._to_scan))
                del self._to_scan[layer, plane, band]
                self._scan(layer, plane, band)
            if end is not None and time.perf_counter() >= end and not self.clean:
                return ()
        changed, self._changed = self._changed, {}
        return tuple(changed.values())

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def _bands(self) -> int:
        return -(-self._geometry.plane_shape[0] // ROWS_JOINED)

    def _rows(self, band: int) -> slice:
        return slice(band * ROWS_JOINED, min((band + 1) * ROWS_JOINED, self._geometry.plane_shape[0]))

    def _scan(self, layer: Labels, plane: PlaneIndex, band: int) -> None:
        if not self._geometry.fits(layer):
            return
        rows, class_id = self._rows(band), class_of(layer)
        content, labels = self._geometry.plane_of(layer.data, plane)[rows], self._planes[plane].labels[rows]
        differs = (content != 0) & (content != labels)
        differs |= (content == 0) & ((labels != 0) if class_id is None else (labels == class_id))
        if differs.any():
            self._dirty[plane, band] = None

    def _join(self, plane: PlaneIndex, rows: slice) -> None:
        found, geometry = self._planes[plane], self._geometry
        contents = [
            Content(
                geometry.plane_of(layer.data, plane)[rows],
                self._history.edits_in(layer, geometry, plane, rows),
                class_of(layer),
            )
            for layer in self._layers()
        ]
        kind = np.result_type(found.labels.dtype, *(content.labels.dtype for content in contents))
        labels, _ = join_class_layers(contents, (rows.stop - rows.start, geometry.plane_shape[1]), kind)
        sources = self._sources(found, rows, labels, contents)
        columns = np.flatnonzero(((labels != found.labels[rows]) | (sources != found.sources[rows])).any(0))
        if not columns.size:
            return
        found.labels = found.labels.astype(kind, copy=False)
        found.labels[rows], found.sources[rows] = labels, sources
        change = MirrorChange(plane, rows, slice(int(columns[0]), int(columns[-1]) + 1))
        self._changed[plane] = change.joined(self._changed.get(plane))

    def _sources(self, found: _Plane, rows: slice, labels: NDArray[np.integer], contents: Iterable[Content]) -> Sources:
        """Return where each pixel comes from; what is as it was stored keeps what was stored of it."""
        edited = np.zeros(labels.shape, bool)
        for content in contents:
            np.logical_or(edited, content.edits, out=edited)
        stored = found.stored.sources[rows]
        kept = labels == found.stored.labels[rows]
        by_person = np.where(kept & (stored >= Provenance.HAND), stored, np.uint8(Provenance.HAND))
        from_model = np.full(labels.shape, found.kind or Provenance.MODEL, np.uint8)
        if found.kind is None:
            from_model = np.where(kept & (stored == Provenance.REFINED), stored, from_model)
        sources = np.where(edited, by_person, np.where(labels != 0, from_model, np.uint8(Provenance.NONE)))
        return sources.astype(np.uint8, copy=False)


def _hull(one: slice, other: slice) -> slice:
    return slice(min(one.start, other.start), max(one.stop, other.stop))

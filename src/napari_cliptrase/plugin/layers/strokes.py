"""What a person does to a label layer, as it happens: strokes with all the pixels they touch, undo and redo.

napari reports the pixels that a stroke changed, and nothing of those that had its label already; undo and redo are not
reported at all when the layer is hidden. So the methods of each layer that paint and undo are wrapped here. All of
napari's tools end in them: brush, eraser, fill, polygon, the closed contour, and scripts.

Two of the wrapped methods are napari's own affair. Where a version of napari has none of these names, a stroke states
the pixels that it changed, and no others.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from napari.layers import Labels
from scipy import ndimage

from napari_cliptrase.array_types import Mask

StrokeBox = tuple[slice, ...]

WRAPPED = (
    "undo",
    "redo",
    "fill",
    "data_setitem",
    "block_history",
    "_paint_region_with_mask",
    "_begin_stroke",
    "_commit_stroke",
    "_abort_stroke",
)


class StrokeListener(Protocol):
    """Is called for everything that a person does, in that order."""

    def touching(self, layer: Labels, box: StrokeBox) -> None:
        """Pixels in a box of the data are about to be painted."""

    def touched(self, layer: Labels, box: StrokeBox, mask: Mask) -> None:
        """The pixels ``mask`` of a box, with an axis for each axis of the data, were given a label or had it before."""

    def committed(self, layer: Labels) -> None:
        """Napari has made one undo step of what was painted since the last."""

    def ended(self, layer: Labels) -> None:
        """A stroke is over; when it changed nothing, there was no undo step."""

    def aborted(self, layer: Labels) -> None:
        """A stroke was broken off, and napari has brought the old values back."""

    def undone(self, layer: Labels) -> None:
        """Napari has taken an undo step back, or there was none."""

    def redone(self, layer: Labels) -> None:
        """Napari has done an undo step again, or there was none."""

    def steps_lost(self, layer: Labels) -> None:
        """Napari has forgotten all undo steps of a layer."""


class Strokes:
    """Watches layers for a listener."""

    def __init__(self, listener: StrokeListener) -> None:
        self._listener = listener
        self._depth: dict[Any, int] = {}

    def watches(self, layer: Labels) -> bool:
        """Whether a layer is watched."""
        return layer.unique_id in self._depth

    def watch(self, layer: Labels) -> None:
        """Watch a layer from now on."""
        self._depth[layer.unique_id] = 0
        for name in WRAPPED:
            if hasattr(layer, name):
                setattr(layer, name, self._wrapped(layer, name))
        layer.events.paint.connect(self._on_paint)
        layer.events.editable.connect(self._on_editable)

    def release(self, layer: Labels) -> None:
        """Leave a layer as napari made it."""
        del self._depth[layer.unique_id]
        for name in WRAPPED:
            vars(layer).pop(name, None)
        layer.events.paint.disconnect(self._on_paint)
        layer.events.editable.disconnect(self._on_editable)

    def _wrapped(self, layer: Labels, name: str) -> Callable[..., Any]:
        original: Callable[..., Any] = getattr(layer, name)
        wrapper: Callable[..., Any] = getattr(self, f"_in_{name.strip('_')}")

        def call(*args: Any, **kwargs: Any) -> Any:
            return wrapper(layer, original, *args, **kwargs)

        return call

    # -- undo ---------------------------------------------------------------------------------------------------------

    def _in_undo(self, layer: Labels, original: Callable[[], None]) -> None:
        original()
        self._listener.undone(layer)

    def _in_redo(self, layer: Labels, original: Callable[[], None]) -> None:
        original()
        self._listener.redone(layer)

    def _on_paint(self, event: Any) -> None:
        self._listener.committed(event.source)

    def _on_editable(self, event: Any) -> None:
        if not event.source.editable:
            self._listener.steps_lost(event.source)

    # -- where a stroke begins and ends -------------------------------------------------------------------------------

    @contextmanager
    def _in_block_history(self, layer: Labels, original: Callable[[], Any]) -> Iterator[None]:
        self._begin(layer)
        try:
            with original():
                yield
        finally:
            self._end(layer)

    def _in_begin_stroke(self, layer: Labels, original: Callable[[], None]) -> None:
        self._begin(layer)
        original()

    def _in_commit_stroke(self, layer: Labels, original: Callable[[], None]) -> None:
        original()
        self._end(layer)

    def _in_abort_stroke(self, layer: Labels, original: Callable[[], None]) -> None:
        original()
        self._listener.aborted(layer)
        self._end(layer)

    def _begin(self, layer: Labels) -> None:
        self._depth[layer.unique_id] += 1

    def _end(self, layer: Labels) -> None:
        if not self.watches(layer):
            return  # it left the viewer in the middle of a stroke
        self._depth[layer.unique_id] = max(0, self._depth[layer.unique_id] - 1)
        if not self._depth[layer.unique_id]:
            self._listener.ended(layer)

    # -- what a stroke touches ----------------------------------------------------------------------------------------

    def _in_paint_region_with_mask(
        self,
        layer: Labels,
        original: Callable[..., None],
        slice_key: StrokeBox,
        mask: Mask,
        new_label: int,
        dims_to_paint: list[int],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if not self._depth[layer.unique_id]:
            # a polygon or a script: outside of a stroke, napari would make the undo step before the pixels are known
            with layer.block_history():
                self._in_paint_region_with_mask(
                    layer, original, slice_key, mask, new_label, dims_to_paint, *args, **kwargs
                )
            return
        self._listener.touching(layer, slice_key)
        original(slice_key, mask, new_label, dims_to_paint, *args, **kwargs)
        lifted = np.expand_dims(mask, tuple(axis for axis in range(layer.ndim) if axis not in dims_to_paint))
        self._listener.touched(layer, slice_key, lifted & (np.asarray(layer.data[slice_key]) == new_label))

    def _in_data_setitem(
        self, layer: Labels, original: Callable[..., None], indices: Any, value: Any, *args: Any, **kwargs: Any
    ) -> None:
        places = [np.asarray(index) for index in indices]
        if not places or any(place.dtype.kind not in "iu" or not place.size for place in places):
            original(indices, value, *args, **kwargs)
            return
        self._begin(layer)
        try:
            places = [place.ravel() for place in np.broadcast_arrays(*places)]
            box = tuple(slice(int(place.min()), int(place.max()) + 1) for place in places)
            mask = np.zeros([part.stop - part.start for part in box], bool)
            mask[tuple(place - part.start for place, part in zip(places, box, strict=True))] = True
            self._listener.touching(layer, box)
            self._listener.touched(layer, box, mask)  # first: outside a stroke napari makes the undo step at once
            original(indices, value, *args, **kwargs)
        finally:
            self._end(layer)

    def _in_fill(
        self, layer: Labels, original: Callable[..., None], coord: Any, new_label: int, *args: Any, **kwargs: Any
    ) -> None:
        """A fill of an area with the label that it has changes nothing, and states the area.

        Background on background is left out: a slip of the mouse would state half of the image.
        """
        place = tuple(int(np.round(position)) for position in coord)
        inside = all(0 <= position < size for position, size in zip(place, layer.data.shape, strict=True))
        if not new_label or not inside or layer.data[place] != new_label:
            original(coord, new_label, *args, **kwargs)
            return
        self._begin(layer)
        try:
            box, mask = _area(layer, place, new_label)
            self._listener.touching(layer, box)
            self._listener.touched(layer, box, mask)
        finally:
            self._end(layer)


def _area(layer: Labels, place: tuple[int, ...], label: int) -> tuple[StrokeBox, Mask]:
    """Return the pixels that a fill at a place of the data is about."""
    painted = range(layer.ndim - min(layer.n_edit_dimensions, layer.ndim), layer.ndim)
    box = tuple(
        slice(0, size) if axis in painted else slice(place[axis], place[axis] + 1)
        for axis, size in enumerate(layer.data.shape)
    )
    mask = np.asarray(layer.data[box]) == label
    if layer.contiguous:
        areas, _ = ndimage.label(mask)
        mask = areas == areas[tuple(at if axis in painted else 0 for axis, at in enumerate(place))]
    return box, mask

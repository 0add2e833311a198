"""What the interactive SAM draws over the image: the mask as it stands, the clicks, and the box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer, Points, Shapes
from numpy.typing import NDArray

from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.plugin.layers import Role, Tag
from napari_cliptrase.plugin.layers.overlay_layer import OverlayLayer
from napari_cliptrase.plugin.layers.placement import camera_of, place_over
from napari_cliptrase.plugin.layers.quick_removal import remove_layers
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.tags import set_tag
from napari_cliptrase.plugin.tools.region_pointer import highlight

INSIDE: Final = "#33dd55"
OUTSIDE: Final = "#ff3344"
SCREEN_SIZE: Final = 12
"""Of a click's dot, in pixels of the screen at any zoom."""

MarkPlace = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Mark:
    """A click (row, column, inside) or the corners of a box (row, column, row, column) that was asked about."""

    kind: Literal["click", "box"]
    where: tuple[float, ...]


class SamMarks:
    """Three layers on top of the list that come with the tool and go with it; the mask's is the one that gets keys."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._mask = OverlayLayer(viewer, "SAM: click on an object", blending="translucent")
        self._clicks: Points | None = None
        self._box: Shapes | None = None
        self._target: Target | None = None

    @property
    def layer(self) -> Image | None:
        """The layer of the mask while it is in the list."""
        return self._mask.layer

    def open(self, target: Target) -> Image:
        """Put the layers over a plane of an image; returns the one of the mask."""
        self._target = target
        self.clear()
        layer = self._mask.layer
        assert layer is not None
        return layer

    def close(self) -> None:
        """Take all layers out of the list."""
        self._mask.remove()
        for layer in (self._clicks, self._box):
            self._drop(layer)
        self._clicks = self._box = self._target = None

    def clear(self) -> None:
        """Show nothing, but keep the layer of the mask."""
        self.show_mask(np.zeros((1, 1), bool), (0, 0), (0, 0, 0))
        self.show_clicks((), None)

    def show_mask(self, mask: NDArray[np.bool_], corner: tuple[int, int], color: RGB) -> None:
        """Show a mask (h, w) whose first pixel lies at ``corner``; only its bounding box goes to the screen."""
        target = self._opened()
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        top, left = (int(rows[0]), int(columns[0])) if rows.size else (0, 0)
        bottom, right = (int(rows[-1]) + 1, int(columns[-1]) + 1) if rows.size else (1, 1)
        place = place_over(target.geometry, target.plane, (corner[0] + top, corner[1] + left))
        self._mask.show(target, highlight(mask[top:bottom, left:right], color), place)

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Show all clicks, and the last box."""
        clicks = tuple((mark.where[0], mark.where[1], bool(mark.where[2])) for mark in marks if mark.kind == "click")
        boxes = [mark.where for mark in marks if mark.kind == "box"]
        top, left, bottom, right = boxes[-1] if boxes else (0.0, 0.0, 0.0, 0.0)
        self.show_clicks(clicks, ((top, left), (bottom, right)) if boxes else None)

    def show_clicks(
        self, clicks: tuple[tuple[float, float, bool], ...], box: tuple[MarkPlace, MarkPlace] | None
    ) -> None:
        """Show clicks (row, column, inside) and two opposite corners of a box."""
        self._show_points(clicks)
        self._show_box(box)

    def _show_points(self, clicks: tuple[tuple[float, float, bool], ...]) -> None:
        if not clicks:
            self._drop(self._clicks)
            self._clicks = None
            return
        places = np.array([self._lifted((row, column)) for row, column, _ in clicks])
        colors = [INSIDE if inside else OUTSIDE for *_, inside in clicks]
        if self._clicks is None or self._clicks not in self._viewer.layers:
            self._clicks = Points(
                places,
                name="SAM clicks",
                face_color=colors,
                border_color="white",
                border_width=0.15,
                size=SCREEN_SIZE,
                canvas_size_limits=(SCREEN_SIZE, SCREEN_SIZE),
                **self._opened().geometry.place,
            )
            self._add(self._clicks)
            return
        self._clicks.data = places
        self._clicks.face_color = colors

    def _show_box(self, box: tuple[MarkPlace, MarkPlace] | None) -> None:
        if box is None:
            self._drop(self._box)
            self._box = None
            return
        (top, left), (bottom, right) = box
        corners = np.array([self._lifted(c) for c in ((top, left), (top, right), (bottom, right), (bottom, left))])
        if self._box is None or self._box not in self._viewer.layers:
            self._box = Shapes(
                [corners],
                name="SAM box",
                shape_type="polygon",
                face_color="transparent",
                edge_color=INSIDE,
                edge_width=max(self._pixel() * 2, 1e-6),
                **self._opened().geometry.place,
            )
            self._add(self._box)
            return
        self._box.data = [corners]

    def _pixel(self) -> float:
        """Length in data units of a pixel of the screen."""
        place = self._opened().geometry.place
        scale = float(np.abs(np.asarray(place["scale"])).min())
        return 1 / max(camera_of(self._viewer).zoom * scale, 1e-9)

    def _lifted(self, place: MarkPlace) -> NDArray[np.float64]:
        target = self._opened()
        point = np.zeros(len(target.geometry.shape))
        for axis, position in zip(target.geometry.plane_axes, target.plane, strict=True):
            point[axis] = position
        point[target.geometry.rows], point[target.geometry.columns] = place
        return point

    def _add(self, layer: Any) -> None:
        target = self._opened()
        set_tag(layer, Tag(Role.PREVIEW, str(target.image_id), target.image_name, str(layer.unique_id)))
        selected = list(self._viewer.layers.selection)
        self._viewer.layers.append(layer)
        self._viewer.layers.selection = selected

    def _drop(self, layer: Layer | None) -> None:
        if layer is not None and layer in self._viewer.layers:
            remove_layers(self._viewer.layers, [layer])

    def _opened(self) -> Target:
        assert self._target is not None
        return self._target

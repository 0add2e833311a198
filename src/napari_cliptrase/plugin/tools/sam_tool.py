"""Interactive SAM: clicks and boxes draw a mask, Enter gives it to the active class.

While the tool is on its layer is the selected one: clicks, drags and keys are heard there and nowhere else. Selecting
another layer pauses it, so that napari's own tools work as ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from napari.layers import Image, Layer
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.layers.placement import position_in
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.run.refine_target import whole_plane
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.plugin.state.geometry import Target
from napari_cliptrase.plugin.state.plane_source import Area, plane_source_of
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.class_selection import ClassSelection
from napari_cliptrase.plugin.tools.keys import SAM_ACCEPT, SAM_BACK, SAM_DROP, SAM_NEXT, SAM_PAN
from napari_cliptrase.plugin.tools.region_tool import CLICK_SLACK
from napari_cliptrase.plugin.tools.sam_marks import SamMarks
from napari_cliptrase.plugin.tools.sam_requests import Request, SamRequestQueue

if TYPE_CHECKING:
    from napari_cliptrase.refine.interactive import Preview, SamSession

READY: Final = "Click on an object, or drag a box around it."
STILL_DRAWING: Final = "Still drawing; the mask is accepted as soon as it is there."


@dataclass(frozen=True, eq=False)
class Mark:
    """A click (row, column, inside) or the corners of a box (row, column, row, column) that was asked about."""

    kind: Literal["click", "box"]
    where: tuple[float, ...]


class SamTool:
    """Signals: ``toggled(on)``, ``message(text)`` for the dock, ``busy(job)`` with the job or None."""

    toggled = Signal(bool)
    message = Signal(str)
    busy = Signal(object)

    def __init__(
        self, session: Session, label_layers: LabelLayers, jobs: Jobs, selection: ClassSelection, runner: RefineRunner
    ) -> None:
        self.on = False
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._selection = selection
        self._runner = runner
        self._marks = SamMarks(session.viewer)
        self._requests: SamRequestQueue | None = None
        self._model = ""
        self._preview: Preview | None = None
        self._pending_marks: list[Mark] = []
        self._refused = ""
        self._paused = False
        self._overruled = False
        self._error = ""
        self._before: Layer | None = None

    # -- on and off ---------------------------------------------------------------------------------------------------

    def start(self, sam: str) -> None:
        """Open the tool on the image of the session with a SAM model; raises a sentence when it cannot."""
        session = self._session
        image = session.image if session.image is not None else (session.images[-1] if session.images else None)
        if image is None:
            raise CliptraseError("There is no image: open one first.")
        if session.active_class is None:
            raise CliptraseError("Select a class in “Segment by text” first: accepted masks go to that class.")
        self.stop()
        requests = SamRequestQueue(self._jobs, self._runner, whole_plane(session, image), sam)
        self._requests, self._model, self._paused, self._error, self._refused = requests, sam, False, "", ""
        self._before = session.viewer.layers.selection.active
        self.on = True
        self._listen(True)
        self._select(self._marks.open(requests.source.target))
        requests.busy.connect(lambda job: self.busy.emit(job))  # psygnal cannot tell how many arguments an emit takes
        requests.ready.connect(lambda: self.message.emit(READY))
        requests.answered.connect(self._show)
        requests.failed.connect(self._failed)
        requests.given_up.connect(self._give_up)
        requests.prepare()
        self.toggled.emit(True)

    def stop(self) -> None:
        """Close the tool; an unaccepted mask is dropped."""
        if self._requests is None:
            return
        self.on = False
        self._listen(False)
        self._requests.close()
        self._pending_marks.clear()
        self._marks.close()
        layers = self._session.viewer.layers
        if self._before is not None and self._before in layers and layers.selection.active is None:
            layers.selection.active = self._before
        self._requests = self._preview = None
        self.busy.emit(None)
        self.message.emit("")
        self.toggled.emit(False)

    def look_closer(self) -> None:
        """Encode only what is on the screen, for finer boundaries; with the whole image on the screen, all of it."""
        if self._requests is None:
            return
        source = self._requests.source
        viewer, image = self._session.viewer, self._label_layers.image(source.target)
        visible = plane_source_of(viewer, image, source.target.version, roles=source.roles, area=Area.VISIBLE).target
        self._pending_marks.clear()
        self._requests.forget()
        self._requests.prepare((visible.rows, visible.columns))
        self._show(None)

    def _listen(self, on: bool) -> None:
        viewer, session = self._session.viewer, self._session
        active, removed = viewer.layers.selection.events.active, viewer.layers.events.removed
        if on:
            viewer.mouse_drag_callbacks.append(self._on_press)
            active.connect(self._on_selected)
            removed.connect(self._on_removed)
            viewer.dims.events.current_step.connect(self._on_step)
            session.active_changed.connect(self._on_class)
            self._label_layers.written.connect(self._on_written)
        else:
            viewer.mouse_drag_callbacks.remove(self._on_press)
            active.disconnect(self._on_selected)
            removed.disconnect(self._on_removed)
            viewer.dims.events.current_step.disconnect(self._on_step)
            session.active_changed.disconnect(self._on_class)
            self._label_layers.written.disconnect(self._on_written)

    def _select(self, layer: Image) -> None:
        """Make the tool's layer the one that hears keys, and keep drags for boxes."""
        layer.mouse_pan = False
        for key, action in (
            (SAM_ACCEPT, self.accept),
            (SAM_DROP, self.drop),
            (SAM_BACK, self.back),
            (SAM_NEXT, self.next_choice),
        ):
            layer.bind_key(key.binding, lambda _layer, action=action: action(), overwrite=True)
        layer.bind_key(SAM_PAN.binding, _hold_to_pan, overwrite=True)
        self._session.viewer.layers.selection.active = layer

    @property
    def idle(self) -> bool:
        """Whether every click is answered."""
        return self._requests is None or self._requests.idle

    # -- requests, one after the other --------------------------------------------------------------------------------

    def click(self, row: float, column: float, inside: bool = True) -> None:
        """Add a click at a pixel."""
        self._mark(Mark("click", (row, column, float(inside))), lambda sam: sam.click(row, column, inside))

    def box(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        """Set the box with two opposite corners."""
        self._mark(Mark("box", (*one, *other)), lambda sam: sam.box(*one, *other))

    def back(self) -> None:
        """Take the last click or box back."""
        if self._pending_marks:
            self._pending_marks.pop()
            self._ask(lambda sam: sam.undo())

    def next_choice(self) -> None:
        """Show the next answer to a single click: a part, the thing, the group."""
        self._ask(lambda sam: sam.next_choice())

    def drop(self) -> None:
        """Drop the mask and its clicks."""
        self._pending_marks.clear()
        if self._requests is not None:
            self._requests.forget()
        self._ask(_cleared)

    def accept(self) -> None:
        """Give the mask of all clicks so far to the class that is active now; clicks that come later start anew."""
        requests, active, marks = self._requests, self._session.active_class, tuple(self._pending_marks)
        if requests is None or active is None:
            return
        if not requests.idle:
            self.message.emit(STILL_DRAWING)
        requests.then(lambda: self._give_mask(requests, active, marks))

    def _give_mask(self, requests: SamRequestQueue, class_id: int, marks: tuple[Mark, ...]) -> None:
        if self._preview is None:
            self.message.emit(
                " ".join((*([self._refused] if self._refused else ()), "There is no mask to accept yet.", READY))
            )
            return
        target = requests.source.target
        try:
            self._label_layers.give(target, self._preview.whole(target.shape), class_id, locked=self._session.locked)
        except CliptraseError as error:
            self.message.emit(str(error))
            return
        self._pending_marks = [mark for mark in self._pending_marks if mark not in marks]
        self._show_marks()
        requests.ask(_cleared, first=True)

    def _mark(self, mark: Mark, request: Request) -> None:
        if self.idle:
            self._refused = ""
        self._pending_marks.append(mark)
        self._ask(request, mark)

    def _ask(self, request: Request, mark: Mark | None = None) -> None:
        self._show_marks()
        if self._requests is not None:
            self._requests.ask(request, mark)

    def _give_up(self) -> None:
        self.stop()
        self.message.emit(self._error)

    def _failed(self, error: CliptraseError, mark: Mark | None) -> None:
        """Say why a request cannot be answered, and take its mark away; answers to others do not hide the reason."""
        self._pending_marks = [made for made in self._pending_marks if made is not mark]
        self._show_marks()
        self._error = self._refused = str(error)
        self.message.emit(self._error)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show(self, preview: "Preview | None") -> None:
        self._preview = preview
        if preview is None:
            self._marks.clear()
            self._refused = ""
            self.message.emit(READY)
        else:
            self._marks.show_mask(preview.mask, (preview.rows.start, preview.columns.start), self._color())
            other = f"; N shows answer {preview.choice + 1} of {preview.choices}" if preview.choices > 1 else ""
            refused = f"{self._refused} " if self._refused else ""
            self.message.emit(f"{refused}Quality {preview.quality:.2f}{other}. Enter accepts, Esc drops.")
        self._show_marks()

    def _show_marks(self) -> None:
        clicks = tuple((*mark.where[:2], bool(mark.where[2])) for mark in self._pending_marks if mark.kind == "click")
        boxes = [mark.where for mark in self._pending_marks if mark.kind == "box"]
        self._marks.show_clicks(clicks, (boxes[-1][:2], boxes[-1][2:]) if boxes else None)  # type: ignore[arg-type]

    def _color(self) -> RGB:
        entry = self._session.prompts.table().get(self._session.active_class or 0)
        return (255, 255, 255) if entry is None else entry.color

    # -- events -------------------------------------------------------------------------------------------------------

    @property
    def listening(self) -> bool:
        """Whether clicks on the canvas are the tool's."""
        layer = self._marks.layer
        return self.on and layer is not None and self._session.viewer.layers.selection.active == layer

    def _on_press(self, _viewer: Any, event: Any) -> Iterator[None]:
        requests, layer = self._requests, self._marks.layer
        if event.button != 1 or not self.listening or requests is None or layer is None or layer.mouse_pan:
            return
        if "Alt" in event.modifiers:
            return  # napari zooms
        target = requests.source.target
        start, pressed, still = _pixel(target, event), np.asarray(event.pos), True
        inside = "Control" not in event.modifiers
        yield
        while event.type == "mouse_move":
            still = still and bool(np.abs(np.asarray(event.pos) - pressed).max() <= CLICK_SLACK)
            if not still:
                self._marks.show_clicks((), (start, _pixel(target, event)))
            yield
        if not self.on:
            return
        if still:
            self.click(*start, inside)
        else:
            self.box(_clipped(start, target), _clipped(_pixel(target, event), target))

    def _on_selected(self, _event: Any = None) -> None:
        if self.listening:
            self._paused = False
            self.message.emit(READY)
        else:
            QTimer.singleShot(0, self._check_selection)

    def _on_class(self, _class_id: Any) -> None:
        if self._session.active_class is None:
            self.stop()
            return
        if self._preview is not None:
            self._show(self._preview)
        if not self._selection.following:
            self._on_written()

    def _on_written(self, _run: Any = None) -> None:
        """The class table selects the layer of its class now: that is not the user's wish to leave the tool."""
        self._overruled = True
        QTimer.singleShot(0, self._check_selection)

    def _check_selection(self) -> None:
        layer = self._marks.layer
        if self.on and layer is not None and not self.listening:
            if self._overruled and not self._paused:
                self._session.viewer.layers.selection.active = layer
            else:
                self._paused = True
                self.message.emit("Paused: select the layer “SAM: click on an object” to go on.")
        self._overruled = False

    def _on_removed(self, _event: Any) -> None:
        if self._marks.layer is None or self._image_is_gone():
            self.stop()

    def _image_is_gone(self) -> bool:
        try:
            return self._requests is not None and not self._label_layers.image(self._requests.source.target)
        except CliptraseError:
            return True

    def _on_step(self, _event: Any) -> None:
        """Start again on another plane."""
        if self._requests is None:
            return
        source = self._requests.source
        if self._image_is_gone():
            self.stop()
        elif whole_plane(self._session, self._label_layers.image(source.target)).key != source.key:
            self.start(self._model)


def _hold_to_pan(layer: Image) -> Iterator[None]:
    layer.mouse_pan = True
    yield
    layer.mouse_pan = False


def _cleared(sam: "SamSession") -> None:
    sam.clear()


def _pixel(target: Target, event: Any) -> tuple[float, float]:
    """(row, column) in the target's plane of a mouse event, with fractions."""
    position = position_in(target.geometry, event.position)
    return float(position[target.geometry.rows]), float(position[target.geometry.columns])


def _clipped(place: tuple[float, float], target: Target) -> tuple[float, float]:
    height, width = target.shape
    return min(max(place[0], -0.5), height - 0.5), min(max(place[1], -0.5), width - 0.5)

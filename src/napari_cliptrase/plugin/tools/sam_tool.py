"""Interactive SAM: clicks and boxes draw a mask, Enter gives it to the active class.

While the tool is on its layer is the selected one: it alone receives clicks, drags and keys. Selecting
another layer pauses the tool, so that napari's own tools work as usual.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from napari.layers import Image, Layer
from psygnal import Signal

from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.run.refine_target import whole_plane
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.plugin.state.plane_source import Area, plane_source_of
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.class_selection import ClassSelection
from napari_cliptrase.plugin.tools.keys import SAM_ACCEPT, SAM_BACK, SAM_DROP, SAM_NEXT, SAM_PAN
from napari_cliptrase.plugin.tools.sam_focus import SamFocus
from napari_cliptrase.plugin.tools.sam_marks import Mark, SamMarks
from napari_cliptrase.plugin.tools.sam_pointer import SamPointer
from napari_cliptrase.plugin.tools.sam_requests import Request, SamRequestQueue

if TYPE_CHECKING:
    from napari_cliptrase.refine.interactive import Preview, SamSession

READY: Final = "Click on an object, or drag a box around it."
PAUSED: Final = "Paused: select the layer “SAM: click on an object” to go on."
STILL_DRAWING: Final = "Still drawing; the mask is accepted as soon as it is there."


class SamTool:
    """Signals: ``toggled(on)``, ``message(text)`` for the dock, ``busy(job)`` with the job or None."""

    toggled = Signal(bool)
    message = Signal(str)
    busy = Signal(object)

    def __init__(
        self, session: Session, label_layers: LabelLayers, jobs: Jobs, selection: ClassSelection, runner: RefineRunner
    ) -> None:
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._selection = selection
        self._runner = runner
        self._marks = SamMarks(session.viewer)
        self._focus = SamFocus(session.viewer)
        self._pointer = SamPointer(session.viewer, lambda: self._focus.listening)
        self._requests: SamRequestQueue | None = None
        self._model = ""
        self._preview: Preview | None = None
        self._pending_marks: list[Mark] = []
        self._refused = ""
        self._error = ""
        self._before: Layer | None = None
        self._focus.resumed.connect(lambda: self.message.emit(READY))
        self._focus.paused.connect(lambda: self.message.emit(PAUSED))
        self._pointer.clicked.connect(self.click)
        self._pointer.boxed.connect(self.box)
        self._pointer.dragging.connect(lambda one, other: self._marks.show_clicks((), (one, other)))

    @property
    def on(self) -> bool:
        """Whether the tool is open, paused or not."""
        return self._focus.on

    @property
    def idle(self) -> bool:
        """Whether every click is answered, and every change of the selected layer has had its effect."""
        return self._focus.settled and (self._requests is None or self._requests.idle)

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
        self._requests, self._model, self._error, self._refused = requests, sam, "", ""
        self._before = session.viewer.layers.selection.active
        layer = self._marks.open(requests.source.target)
        self._bind_keys(layer)
        self._pointer.start(requests.source.target, layer)
        self._focus.start(layer)
        self._listen(True)
        requests.busy.connect(lambda job: self.busy.emit(job))  # psygnal cannot count the arguments of an emit
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
        self._listen(False)
        self._focus.stop()
        self._pointer.stop()
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
        viewer = self._session.viewer
        for signal, slot in (
            (viewer.layers.events.removed, self._on_removed),
            (viewer.dims.events.current_step, self._on_step),
            (self._session.active_changed, self._on_class),
            (self._label_layers.written, self._on_written),
        ):
            (signal.connect if on else signal.disconnect)(slot)

    def _bind_keys(self, layer: Image) -> None:
        for key, action in (
            (SAM_ACCEPT, self.accept),
            (SAM_DROP, self.drop),
            (SAM_BACK, self.back),
            (SAM_NEXT, self.next_choice),
        ):
            layer.bind_key(key.binding, lambda _layer, action=action: action(), overwrite=True)
        layer.bind_key(SAM_PAN.binding, _hold_to_pan, overwrite=True)

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
        """Give the mask of all clicks so far to the class that is active now; later clicks start a new mask."""
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
            self._label_layers.assign(target, self._preview.whole(target.shape), class_id, locked=self._session.locked)
        except CliptraseError as error:
            self.message.emit(str(error))
            return
        self._pending_marks = [mark for mark in self._pending_marks if mark not in marks]
        self._show_marks()
        requests.ask(_cleared, first=True)

    def _mark(self, mark: Mark, request: Request) -> None:
        if self._requests is None or self._requests.idle:
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
        """Show why a request cannot be answered, and remove its mark; later answers do not hide the reason."""
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
        self._marks.show_marks(self._pending_marks)

    def _color(self) -> RGB:
        entry = self._session.prompts.table().get(self._session.active_class or 0)
        return (255, 255, 255) if entry is None else entry.color

    # -- events -------------------------------------------------------------------------------------------------------

    def _on_class(self, _class_id: Any) -> None:
        if self._session.active_class is None:
            self.stop()
            return
        if self._preview is not None:
            self._show(self._preview)
        if not self._selection.following:  # the class table selects the layer of the class
            self._focus.class_shown()

    def _on_written(self, _run: Any) -> None:
        self._focus.class_shown()  # the class table selects the layer that was written

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

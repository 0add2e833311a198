"""Going from image to image: fresh layers each time, so that undo never crosses from one image to another.

A worker reads image and mask; then the new layers come, the one to paint on first, and the old ones go. Zoom and place
stay where the images are of one size, and so do the class, the tool and the brush. A model never blocks: results
that were computed ahead are there at once, later ones are merged into the layers by the rule of every run.
"""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from napari.layers import Image

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers, Visibility
from napari_cliptrase.plugin.layers.brush import Brush
from napari_cliptrase.plugin.layers.file_image import layer_shape
from napari_cliptrase.plugin.layers.last_view import LastView
from napari_cliptrase.plugin.layers.stored_layers import StoredLayers
from napari_cliptrase.plugin.layers.visited_layers import VisitedLayers
from napari_cliptrase.plugin.layers.warm_up import read_units
from napari_cliptrase.plugin.run.findings_merge import FindingsMerge
from napari_cliptrase.plugin.run.gui_steps import GuiSteps
from napari_cliptrase.plugin.run.image_ahead import IMAGES_AHEAD, ImageAhead
from napari_cliptrase.plugin.run.image_findings import PreparedImage
from napari_cliptrase.plugin.run.image_opening import OpenedImage, OpeningRequest, open_steps, wants_labels
from napari_cliptrase.plugin.run.mask_saver import MaskSaver
from napari_cliptrase.plugin.run.segmentation import SegmentationRunner
from napari_cliptrase.plugin.run.side_thread import SideThread, Task
from napari_cliptrase.plugin.run.work_clock import WorkClock
from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.state.plane_source import PlaneSource, plane_source_of, planes_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.project.image_blocked import ImageBlocked


@dataclass(eq=False)
class _Visit:
    """The image that is in the viewer; ``complete`` once all of its layers are."""

    name: str
    image: Image
    source: PlaneSource
    complete: bool = False


class ImageVisits:
    """Opens images of the folder in the viewer, one at a time."""

    def __init__(
        self,
        session: Session,
        label_layers: LabelLayers,
        visibility: Visibility,
        runner: SegmentationRunner,
        state: FolderState,
        saver: MaskSaver,
        ahead: ImageAhead,
    ) -> None:
        self._session = session
        self._label_layers = label_layers
        self._visibility = visibility
        self._state = state
        self._saver = saver
        self._ahead = ahead
        self._layers = VisitedLayers(session.viewer.layers, visibility)
        self._stored = StoredLayers(label_layers)
        self._reading = SideThread("open")
        self._gui_steps = GuiSteps()
        self._merge = FindingsMerge(session, label_layers, runner, state, saver, self._gui_steps)
        self._task: Task | None = None
        self._visit: _Visit | None = None
        self._last_view: LastView | None = None
        self._clock = WorkClock()
        ahead.ready.connect(self._on_ready)
        session.active_changed.connect(self._on_active)
        state.project_changed.connect(self._on_project)
        label_layers.content_changed.connect(self._on_work)
        session.viewer.layers.events.removed.connect(self._on_removed)
        session.viewer.cursor.events.position.connect(self._on_work)

    # -- going --------------------------------------------------------------------------------------------------------

    @property
    def image(self) -> Image | None:
        """The image layer of the folder that is in the viewer."""
        return None if self._visit is None else self._visit.image

    @property
    def idle(self) -> bool:
        """Whether no image is being opened, and nothing written into its layers."""
        return self._reading.idle and not self._gui_steps.running

    def go(self, name: str) -> None:
        """Open an image; a new request replaces one that is still being read."""
        state, project = self._state, self._state.project
        if project is None or (name == state.place and state.blocked is None and self._visit is not None):
            return
        if self._task is not None:
            self._task.cancel()
        state.opening = name
        prepared = self._ahead.prepared(name)
        session = self._session
        fill = (
            state.writable
            and wants_labels(project.record(name), self._ahead.setup)
            and prepared is not None
            and prepared.findings is not None
        )
        request = OpeningRequest(
            name, session.prompts, session.active_class, session.output is Output.COMBINED, prepared, fill
        )
        read_units()  # the thread makes a layer, and so does the window, of a run for instance
        self._task = self._reading.start(
            lambda: open_steps(project, request, self._saver.unsaved),
            self._show,
            lambda error: self._block(name, error),
        )

    def reopen(self) -> None:
        """Open the shown image again, because its mask was changed elsewhere."""
        name = self._state.place
        if name is not None:
            self.leave()
            self.go(name)

    def leave(self) -> None:
        """Save what was drawn, and remove the layers of the image."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._state.opening = None
        self._gui_steps.cancel()
        self._end_visit()
        self._state.shown = self._state.blocked = None

    def stop(self) -> None:
        """End the thread."""
        self._gui_steps.cancel()
        self._reading.stop()

    # -- showing ------------------------------------------------------------------------------------------------------

    def _block(self, name: str, error: CliptraseError) -> None:
        self._task = None
        self._end_visit()
        state = self._state
        state.opening = state.shown = None
        state.blocked = error if isinstance(error, ImageBlocked) else ImageBlocked(name, str(error))
        self._want()

    def _show(self, opened: OpenedImage) -> None:
        self._task = None
        self._save_visit()
        self._gui_steps.start(self._showing(opened), lambda _: self._shown_all(opened))

    def _showing(self, opened: OpenedImage) -> Generator[None, None, None]:
        """Add the new layers, the one to paint on first, and remove the old ones."""
        session, state, old = self._session, self._state, self._visit
        viewer, name = session.viewer, opened.request.name
        last_view, self._last_view = self._last_view, None
        brush = Brush.in_use(viewer.layers) if last_view is None else last_view.brush
        place = self._layers.place_of(None if old is None else old.image)
        self._visit = None
        if old is not None:
            self._layers.leave(old.image)
        same_size = old is not None and old.source.target.geometry.shape == layer_shape(opened.image)
        if not same_size:
            self._layers.remove_left()
        project = state.project
        path = str(project.paths.image(name)) if project is not None else ""
        session.image = image = self._layers.open_image(opened.image, path, PurePosixPath(name).stem, place)
        if last_view is not None:
            last_view.restore_camera(viewer, layer_shape(opened.image))
        source = plane_source_of(viewer, image, session.version_of(image), roles=opened.image.roles)
        self._visit = visit = _Visit(name, image, source)
        geometry = source.target.geometry
        file_planes = {source.target.plane: source.index for source in planes_of(source)}
        parts = {
            class_id: {plane: planes[place] for plane, place in file_planes.items()}
            for class_id, planes in opened.parts.items()
        }
        self._saver.held = True
        if state.writable:
            self._saver.follow(opened.stored, image, geometry, file_planes)
        for layer in self._stored.put(image, geometry, parts, session.prompts.table(), editable=state.writable):
            if state.shown != name:
                brush.take_to(viewer.layers, layer, opened.request.active)
                self._arrive(visit)
            yield
        if state.shown != name:  # a project without classes has no layers
            self._arrive(visit)
        if old is not None and not same_size:
            viewer.reset_view()
        self._visibility.apply()
        visit.complete = True
        self._saver.held = False
        yield
        self._layers.remove_left()

    def _arrive(self, visit: _Visit) -> None:
        """The image can be worked on."""
        state = self._state
        if state.project is not None:
            state.project.last_image = visit.name
        self._clock.start()
        state.blocked = None
        state.opening = None
        state.shown = visit.name

    def _shown_all(self, opened: OpenedImage) -> None:
        """Go on from what was found ahead of time, and let the next images be prepared."""
        visit, findings = self._visit, opened.findings
        if visit is not None and findings is not None:
            if opened.request.fill:
                self._merge.take_result(visit.name, findings)
            self._merge.take_up(visit.source, findings)
        self._on_active(self._session.active_class)  # it may be another one by now
        self._want()

    def _want(self) -> None:
        """Ask for the image on show, when the model has not seen it yet, and for those that come next."""
        here = self._state.shown
        self._ahead.want((*((here,) if here is not None else ()), *self._state.coming(IMAGES_AHEAD)))

    # -- what the model found -----------------------------------------------------------------------------------------

    def _on_ready(self, prepared: PreparedImage) -> None:
        visit, findings, project = self._visit, prepared.findings, self._state.project
        if visit is None or project is None or findings is None or prepared.name != self._state.shown:
            return
        if self._gui_steps.running or self._session.segmented is not None:
            return
        if self._state.writable and wants_labels(project.record(visit.name), findings.setup):
            self._merge.fill(visit.name, visit.source, findings, lambda: self._visit is visit)
        else:
            self._merge.take_up(visit.source, findings)

    # -- leaving ------------------------------------------------------------------------------------------------------

    def _save_visit(self) -> None:
        """Hand over what was drawn on the image on show, and the time it took."""
        if self._saver.untouched:
            self._gui_steps.cancel()
        else:
            self._gui_steps.finish()  # something was drawn already while layers were still coming
        visit, project = self._visit, self._state.project
        if visit is not None and not visit.complete:
            self._saver.forget()  # classes whose layers never came must not look erased
        self._saver.held = False
        self._saver.leave()
        seconds = self._clock.stop()
        if visit is not None and project is not None and self._state.writable and seconds >= 1:
            self._saver.later(lambda: project.add_time(visit.name, seconds), visit.name)

    def _end_visit(self) -> None:
        self._save_visit()
        if self._visit is not None:
            self._last_view = LastView.of(self._session.viewer, self._visit.source.target.geometry.shape)
            self._layers.leave(self._visit.image)
            self._visit = None
        self._layers.remove_left()

    # -- what happens meanwhile ---------------------------------------------------------------------------------------

    def _on_active(self, class_id: int | None) -> None:
        """Give a class that becomes active a layer to paint on."""
        visit = self._visit
        if visit is None or class_id is None or not self._state.writable or self._gui_steps.running:
            return
        session, geometry = self._session, visit.source.target.geometry
        layers = self._label_layers
        if layers.class_layers(visit.image).get(class_id) or layers.combined_layer(visit.image):
            return
        brush = Brush.in_use(session.viewer.layers)
        planes = [source.target.plane for source in planes_of(visit.source)]
        layer = self._stored.ensure(visit.image, geometry, session.prompts.table(), class_id, planes)
        brush.take_to(session.viewer.layers, layer, class_id)

    def _on_project(self, _project: object) -> None:
        self._last_view = None

    def _on_work(self, _event: Any = None) -> None:
        if self._visit is not None:
            self._clock.note_activity()

    def _on_removed(self, event: Any) -> None:
        """The user removed the image: its mask stays as it is saved."""
        visit = self._visit
        if visit is not None and event.value is visit.image:
            self._gui_steps.cancel()
            self._saver.forget()
            self._visit = None
            self._clock.stop()
            self._state.shown = None

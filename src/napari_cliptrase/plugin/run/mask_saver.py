"""From strokes to files: follows the label layers of the image that is open, and saves its mask soon after each change.

A stroke marks the rows that it touched. They are joined in the GUI thread, a few milliseconds at a time, and what
changed is handed to `Autosave`, whose thread writes it. Undo, runs, tools and scripts come the same way. While a run is
being written nothing is saved: a mask holds all of a result or nothing of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from napari.layers import Image, Labels
from qtpy.QtCore import QTimer

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.plugin.layers import LabelLayers, Run
from napari_cliptrase.plugin.layers.mask_mirror import MaskMirror
from napari_cliptrase.plugin.run.changed_by import ChangedBy
from napari_cliptrase.plugin.run.refine_write import RUN_TITLE as REFINE_TITLE
from napari_cliptrase.plugin.run.side_thread import GuiCalls
from napari_cliptrase.plugin.run.stored_image import StoredImage
from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import member_of
from napari_cliptrase.project.autosave import Autosave, SaveStatus
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.rescued_work import rescue

SLICE: Final = 0.003
"""Seconds of joining at a time; the window works in between."""
WHILE_WRITING: Final = 50
"""Milliseconds until a run that is being written is checked again."""

WATCH: Final = 200
"""Milliseconds until the next check whether everything is saved."""
FILL_TITLE: Final = "Pre-annotate"
REFINED_FILL_TITLE: Final = "Pre-annotate and refine"
MODEL_TITLES: Final = ("Segment", "New scores", FILL_TITLE)
"""Titles of runs whose labels come from the model as they are."""
REFINED_TITLES: Final = (REFINE_TITLE, REFINED_FILL_TITLE)
"""Titles of runs that sharpen boundaries."""


@dataclass(eq=False)
class _Followed:
    name: str
    image: Image
    mirror: MaskMirror
    file_planes: Mapping[PlaneIndex, PlaneIndex]


class MaskSaver:
    """Saves the masks of one viewer."""

    def __init__(self, state: FolderState, label_layers: LabelLayers) -> None:
        self._state = state
        self._label_layers = label_layers
        self._autosave: Autosave | None = None
        self._project: Project | None = None
        self._followed: _Followed | None = None
        self.held = False
        """Whether nothing is saved at the moment, because some layers of the image have still to come."""
        self._calls = GuiCalls()
        self._waiting = 0
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.renew)
        self._watch = QTimer()
        self._watch.setSingleShot(True)
        self._watch.setInterval(WATCH)
        self._watch.timeout.connect(self._show_status)
        label_layers.content_changed.connect(self._on_content)
        label_layers.rows_changed.connect(self._on_rows)
        label_layers.written.connect(self._on_written)
        label_layers.undone.connect(self._on_undone)

    # -- a project ----------------------------------------------------------------------------------------------------

    def begin(self, project: Project) -> None:
        """Save into a project from now on."""
        calls = self._calls
        self._project = project
        self._autosave = Autosave(ChangedBy(project, self._announce), lambda _: calls.post(self._show_status))

    def end(self) -> str | None:
        """Save everything and close the project; return what the user has to know if that is not possible.

        Failed saves are tried again as long as the program runs. For the time after that, a copy is kept elsewhere.
        """
        self.leave()
        self._waiting = 0
        autosave, self._autosave = self._autosave, None
        project, self._project = self._project, None
        if autosave is None or project is None:
            return None
        problem = autosave.close().problem
        unsaved = autosave.unsaved_planes() if problem is not None else {}
        if not unsaved:
            return problem
        try:
            copy = rescue(project, unsaved)
        except OSError as error:
            return f"{problem} No copy could be kept elsewhere, either ({error.strerror or error}): leave napari open."
        return f"{problem} When napari ends before that, a copy in {copy} is brought back with the folder."

    def flush(self, timeout: float | None = None) -> SaveStatus:
        """Save everything at once."""
        self._hand_over()
        return self._autosave.flush(timeout) if self._autosave is not None else SaveStatus()

    def flush_files(self) -> SaveStatus:
        """Save what was handed over, from any thread; the layers are not looked at."""
        autosave = self._autosave
        return autosave.flush() if autosave is not None else SaveStatus()

    def later(self, action: Callable[[], object], name: str | None = None) -> None:
        """Run an action on the project in the saving thread, after earlier strokes; ``name``: the image it changes."""
        autosave = self._autosave
        if autosave is None:
            return

        def acted() -> None:
            if self._autosave is autosave:
                self._waiting -= 1
            if name is not None:
                self._state.record_changed.emit(name)

        def act() -> None:
            action()
            self._calls.post(acted)

        self._hand_over()
        self._waiting += 1
        autosave.later(act)

    def then(self, call: Callable[[], object]) -> None:
        """Call something in the GUI thread once everything that was asked for so far is done."""
        calls = self._calls
        self.later(lambda: calls.post(call))

    def unsaved(self, name: str, plane: PlaneIndex) -> Annotation | None:
        """Return what is not on the disk yet of a plane; from any thread."""
        autosave = self._autosave
        return autosave.unsaved_annotation(name, plane) if autosave is not None else None

    # -- an image -----------------------------------------------------------------------------------------------------

    def follow(
        self,
        stored: StoredImage,
        image: Image,
        geometry: LayerGeometry,
        file_planes: Mapping[PlaneIndex, PlaneIndex],
    ) -> None:
        """Save what happens to the layers of an image, which hold just what was stored."""
        autosave = self._autosave
        if autosave is None:
            return
        here = {plane: stored.annotations[place] for plane, place in file_planes.items()}
        mirror = MaskMirror(lambda: self._layers_of(image, geometry), self._label_layers.history, geometry, here)
        self._followed = _Followed(stored.name, image, mirror, file_planes)
        for place, (labels, sources) in stored.snapshots.items():
            autosave.begin(stored.name, labels, sources, plane=place)

    def leave(self) -> None:
        """Hand over what is left of the image, and stop following it.

        A run that is half written is taken back first: the mask gets all that people drew, and nothing of the run.
        """
        self._timer.stop()
        followed = self._followed
        if followed is not None and not self.held:
            self._label_layers.give_up_writing(followed.image)
            self._put(followed, None)
        self._followed = None

    def forget(self) -> None:
        """Stop following the image, whatever its layers hold: they are being removed."""
        self._timer.stop()
        self._followed = None

    def renew(self) -> None:
        """Join some of what changed, and hand it over once all is joined; a timer does this until nothing is left."""
        followed = self._followed
        if followed is None:
            return
        if self._incomplete:
            self._timer.start(WHILE_WRITING)
            return
        self._put(followed, SLICE)
        if not followed.mirror.clean:
            self._timer.start(0)

    @property
    def labelled(self) -> bool:
        """Whether the image has a labelled pixel, as its layers say now."""
        self._hand_over()
        mirror = self._followed.mirror if self._followed is not None else None
        return mirror is not None and any(mirror.annotation(plane).labels.any() for plane in mirror.planes)

    @property
    def untouched(self) -> bool:
        """Whether nothing happened to the layers that is not handed over yet."""
        return self._followed is None or self._followed.mirror.clean

    @property
    def idle(self) -> bool:
        """Whether all strokes are on the disk."""
        autosave = self._autosave
        return self.untouched and not self._waiting and (autosave is None or autosave.status == SaveStatus())

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def _incomplete(self) -> bool:
        return self.held or self._label_layers.writing

    def _layers_of(self, image: Image, geometry: LayerGeometry) -> list[Labels]:
        """Class layers, bottom first; without any, the combined one."""
        classes = [layer for layer in self._label_layers.class_layers(image).values() if geometry.fits(layer)]
        combined = self._label_layers.combined_layer(image)
        return classes or ([combined] if combined is not None and geometry.fits(combined) else [])

    def _is_followed(self, layer: Labels) -> bool:
        member = member_of(layer)
        return self._followed is not None and member is not None and member.group == str(self._followed.image.unique_id)

    def _on_rows(self, layer: Labels, plane: PlaneIndex, rows: slice) -> None:
        if self._followed is not None and self._is_followed(layer):
            self._followed.mirror.note_rows(plane, rows)
            self._timer.start(0)

    def _on_content(self, layer: Labels) -> None:
        followed = self._followed
        if followed is None or not self._is_followed(layer):
            return
        geometry = self._label_layers.history.geometry(layer)
        if geometry is None:  # it was removed: what it held no longer counts
            for plane in followed.mirror.planes:
                followed.mirror.note_plane(plane)
        elif layer in self._layers_of(followed.image, geometry):
            followed.mirror.note_layer(layer)
        self._timer.start(0)

    def _on_written(self, run: Run) -> None:
        self._note_run(run, _kind_of(run))

    def _on_undone(self, run: Run) -> None:
        self._note_run(run, None)

    def _note_run(self, run: Run, kind: Provenance | None) -> None:
        if self._followed is None:
            return
        for step in run.steps:
            if self._is_followed(step.layer):
                self._followed.mirror.note_plane(step.plane, kind)
        self._timer.start(0)

    def _hand_over(self) -> None:
        """Hand over what is joined and what is not, at once."""
        self._timer.stop()
        followed = self._followed
        if followed is not None and not self._incomplete:
            self._put(followed, None)

    def _put(self, followed: _Followed, seconds: float | None) -> None:
        if self._autosave is None:
            return
        for change in followed.mirror.renew(seconds):
            now = followed.mirror.annotation(change.plane)
            self._autosave.put(
                followed.name,
                now.labels,
                now.sources,
                plane=followed.file_planes[change.plane],
                region=(change.rows, change.columns),
            )
            self._show_status()

    def _announce(self, name: str) -> None:
        """Announce in the GUI thread that something about an image has changed on the disk."""
        self._calls.post(lambda: self._state.record_changed.emit(name))

    def _show_status(self) -> None:
        """Show the state of saving, and check again while something is not saved."""
        status = self._autosave.status if self._autosave is not None else SaveStatus()
        self._state.save_status = status
        if status.unsaved:
            self._watch.start()


def _kind_of(run: Run) -> Provenance | None:
    """Return where the labels of a run come from; None for a person's, and for those that only change layers."""
    if run.linked or run.title not in (*MODEL_TITLES, *REFINED_TITLES):
        return None
    return Provenance.REFINED if run.title in REFINED_TITLES else Provenance.MODEL

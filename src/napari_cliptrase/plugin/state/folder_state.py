"""What is known of the folder in a viewer: the project, the image that is open, the state of saving.

    state.project, state.shown, state.blocked, state.save_status    # set by the runners; signals announce each change
    state.order                                                     # the names in the list, as they are shown

State and signals only, like `Session`: nothing here reads a file or touches a layer.
"""

from collections.abc import Sequence

from psygnal import Signal

from napari_cliptrase.project.autosave import SaveStatus
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.project import Project


class FolderState:
    """The state that the runners and widgets of a folder share.

    Signals carry the new value: ``project_changed``, ``shown_changed`` (a name or None), ``blocked_changed``,
    ``save_status_changed``, ``reviewing_changed``, ``pre_annotating_changed``, ``opening_changed`` (a name or None);
    ``record_changed(name)`` when something about one image changed, ``records_changed()`` when it may be any,
    ``classes_changed()`` when the project has other classes.
    """

    project_changed = Signal(object)
    shown_changed = Signal(object)
    blocked_changed = Signal(object)
    save_status_changed = Signal(object)
    reviewing_changed = Signal(bool)
    pre_annotating_changed = Signal(bool)
    opening_changed = Signal(object)
    record_changed = Signal(str)
    records_changed = Signal()
    classes_changed = Signal()

    def __init__(self) -> None:
        self._project: Project | None = None
        self._shown: str | None = None
        self._opening: str | None = None
        self._blocked: ImageBlocked | None = None
        self._save_status = SaveStatus()
        self._reviewing = False
        self._pre_annotating = True
        self.order: tuple[str, ...] = ()
        """Names of the images in the list, in their order."""

    @property
    def project(self) -> Project | None:
        """The project that is open."""
        return self._project

    @project.setter
    def project(self, project: Project | None) -> None:
        if project is not self._project:
            self._project = project
            self.order = tuple(record.name for record in project) if project is not None else ()
            self.project_changed.emit(project)

    @property
    def shown(self) -> str | None:
        """Name of the image that is in the viewer."""
        return self._shown

    @shown.setter
    def shown(self, name: str | None) -> None:
        if name != self._shown:
            self._shown = name
            self.shown_changed.emit(name)

    @property
    def opening(self) -> str | None:
        """Name of the image that is being read."""
        return self._opening

    @opening.setter
    def opening(self, name: str | None) -> None:
        if name != self._opening:
            self._opening = name
            self.opening_changed.emit(name)

    @property
    def blocked(self) -> ImageBlocked | None:
        """Why the image that the user went to cannot be opened."""
        return self._blocked

    @blocked.setter
    def blocked(self, blocked: ImageBlocked | None) -> None:
        if blocked is not self._blocked:
            self._blocked = blocked
            self.blocked_changed.emit(blocked)

    @property
    def save_status(self) -> SaveStatus:
        """How saving goes."""
        return self._save_status

    @save_status.setter
    def save_status(self, status: SaveStatus) -> None:
        if status != self._save_status:
            self._save_status = status
            self.save_status_changed.emit(status)

    @property
    def reviewing(self) -> bool:
        """Whether this is the second pass, over finished images."""
        return self._reviewing

    @reviewing.setter
    def reviewing(self, reviewing: bool) -> None:
        if reviewing != self._reviewing:
            self._reviewing = reviewing
            self.reviewing_changed.emit(reviewing)

    @property
    def pre_annotating(self) -> bool:
        """Whether images are segmented when they are opened for the first time."""
        return self._pre_annotating

    @pre_annotating.setter
    def pre_annotating(self, on: bool) -> None:
        if on != self._pre_annotating:
            self._pre_annotating = on
            self.pre_annotating_changed.emit(on)

    @property
    def writable(self) -> bool:
        """Whether there is a project and it may be written."""
        return self._project is not None and not self._project.read_only

    @property
    def place(self) -> str | None:
        """Name of the image where the user is: the one on show, being opened, or blocked."""
        if self._opening is not None:
            return self._opening
        return self._blocked.name if self._blocked is not None else self._shown

    def record(self, name: str) -> ImageRecord | None:
        """Return what is known about an image; None without a project or without the image."""
        project = self._project
        return project.store.records.get(name) if project is not None else None

    def neighbour(self, step: int) -> str | None:
        """Return the name ``step`` places further in the list; None beyond its ends."""
        order = self.order
        if self.place not in order:
            return order[0 if step > 0 else -1] if order else None
        at = order.index(self.place) + step
        return order[at] if 0 <= at < len(order) else None

    def next_unfinished(self) -> str | None:
        """Return the next unfinished image of the list, from the current place on and then from the start."""
        order: Sequence[str] = self.order
        start = order.index(self.place) + 1 if self.place in order else 0
        for name in (*order[start:], *order[:start]):
            record = self.record(name)
            if record is not None and not record.state.finished and name != self.place:
                return name
        return None

    def coming(self, count: int) -> tuple[str, ...]:
        """Return the names that come next in the list, the next one first."""
        order = self.order
        start = order.index(self.place) + 1 if self.place in order else 0
        return tuple(order[start : start + count])

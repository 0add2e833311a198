"""Saves what is being edited, in a thread of its own, within a second of each stroke.

The editing thread passes arrays; only what changed is copied, into a snapshot that no longer changes. When saving
fails, because of a full disk or a read-only folder, everything stays in memory and saving is tried again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray, PlaneIndex
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.pixel_provenance import Sources, assumed_sources, sources_after_edit
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.tiled_snapshot import PlaneArea, TiledSnapshot

_SOON: Final = 0.15  # seconds in which strokes are gathered into one save
_FIRST_RETRY: Final = 0.5
_LAST_RETRY: Final = 10.0

PlaneKey = tuple[str, PlaneIndex]
"""Name of the image and index of the plane."""


class SavesPlanes(Protocol):
    """What an autosave needs of a project."""

    def read(self, name: str, plane: PlaneIndex = ()) -> Annotation:
        """Return what is saved."""

    def write(self, name: str, labels: LabelArray, sources: NDArray[Any], plane: PlaneIndex = ()) -> object:
        """Save labels and provenance (H, W) of a plane."""


@dataclass(frozen=True, eq=False)
class _Pending:
    labels: TiledSnapshot
    sources: TiledSnapshot | None


@dataclass(eq=False)
class _Waiting:
    """When something is to be done, and why it failed the last time."""

    due: float
    retry: float = _FIRST_RETRY
    problem: str | None = None

    def failed(self, error: Exception) -> None:
        self.problem = _sentence(error)
        self.due = time.monotonic() + self.retry
        self.retry = min(2 * self.retry, _LAST_RETRY)


@dataclass(eq=False)
class _Action:
    run: Callable[[], object]
    after: set[PlaneKey]
    waiting: _Waiting


@dataclass(frozen=True)
class SaveStatus:
    """The state of saving.

    Attributes
    ----------
    unsaved
        Images whose last strokes are in memory only.
    problem
        Why saving fails at the moment, in a sentence; None when it works.
    """

    unsaved: tuple[str, ...] = ()
    problem: str | None = None


class Autosave:
    """Saves planes of a project soon after they change.

    Parameters
    ----------
    project
        Where to save.
    on_status
        Called from the worker whenever `status` has changed.
    """

    def __init__(self, project: SavesPlanes, on_status: Callable[[SaveStatus], object] | None = None) -> None:
        self._project = project
        self._on_status = on_status
        self._latest: dict[PlaneKey, _Pending] = {}
        self._edited: PlaneKey | None = None
        self._waiting: dict[PlaneKey, _Waiting] = {}
        self._actions: list[_Action] = []
        self._busy = False
        self._reported = SaveStatus()
        self._stop = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="cliptrase-autosave", daemon=True)
        self._thread.start()

    # ---- from the thread that edits

    def put(
        self,
        name: str,
        labels: LabelArray,
        sources: Sources | None = None,
        *,
        plane: PlaneIndex = (),
        region: PlaneArea | None = None,
    ) -> None:
        """Pass a plane to be saved.

        Parameters
        ----------
        name, plane
            Image and plane.
        labels
            (H, W) integers; may go on changing afterwards.
        sources
            (H, W) uint8, `Provenance`; None: whatever differs from what was saved last is by hand.
        region
            Rows and columns (with start and stop) outside of which nothing changed since the last `put` of this plane;
            None: anything may have. A stroke costs microseconds with it.
        """
        key = (name, plane)
        with self._changed:
            before = self._latest.get(key)
        if before is not None and before.labels.shape != labels.shape:
            before = None
        new_labels = TiledSnapshot.of(labels) if before is None else before.labels.updated(labels, region)
        new_sources = None
        if sources is not None:
            known = None if before is None else before.sources
            new_sources = TiledSnapshot.of(sources) if known is None else known.updated(sources, region)
        with self._changed:
            self._forget_edited(key)
            self._latest[key] = _Pending(new_labels, new_sources)
            self._edited = key
            self._waiting.setdefault(key, _Waiting(time.monotonic() + _SOON))
            self._changed.notify_all()

    def later(self, action: Callable[[], object]) -> None:
        """Run an action on the project after everything passed so far is saved: change a state, add time."""
        with self._changed:
            self._actions.append(_Action(action, set(self._waiting), _Waiting(time.monotonic())))
            self._changed.notify_all()

    def begin(self, name: str, labels: TiledSnapshot, sources: TiledSnapshot, *, plane: PlaneIndex = ()) -> None:
        """Announce what a plane holds before it is edited, so that the first `put` copies no more than later ones.

        Nothing is saved by that.
        """
        key = (name, plane)
        with self._changed:
            if key in self._waiting:
                return
            self._forget_edited(key)
            self._latest[key] = _Pending(labels, sources)
            self._edited = key

    def unsaved(self, name: str, plane: PlaneIndex = ()) -> LabelArray | None:
        """Return the labels (H, W) of a plane that are not on the disk yet; None when all are."""
        found = self._unsaved(name, plane)
        return None if found is None else found.labels.array()

    def unsaved_annotation(self, name: str, plane: PlaneIndex = ()) -> Annotation | None:
        """Return labels and provenance of a plane that are not on the disk yet; None when all are."""
        found = self._unsaved(name, plane)
        return (
            None if found is None or found.sources is None else Annotation(found.labels.array(), found.sources.array())
        )

    def unsaved_planes(self) -> dict[PlaneKey, Annotation]:
        """Return labels and provenance of all planes that are not on the disk yet."""
        with self._changed:
            waiting = {key: self._latest[key] for key in self._waiting}
        found = {}
        for key, pending in waiting.items():
            labels = pending.labels.array()
            sources = assumed_sources(labels) if pending.sources is None else pending.sources.array()
            found[key] = Annotation(labels, sources)
        return found

    def _unsaved(self, name: str, plane: PlaneIndex) -> _Pending | None:
        with self._changed:
            return self._latest.get((name, plane)) if (name, plane) in self._waiting else None

    def _forget_edited(self, key: PlaneKey) -> None:
        """Forget what was edited before a plane, unless it still has to be saved."""
        if self._edited not in (None, key) and self._edited not in self._waiting:
            self._latest.pop(self._edited, None)

    def discard(self, name: str) -> None:
        """Drop what is waiting for an image, because the user discarded it."""
        with self._changed:
            for key in [key for key in self._latest if key[0] == name]:
                del self._latest[key]
                self._waiting.pop(key, None)
                for action in self._actions:
                    action.after.discard(key)
            self._changed.notify_all()

    @property
    def status(self) -> SaveStatus:
        """The state of saving."""
        with self._changed:
            problems = [entry.problem for entry in self._entries() if entry.problem is not None]
            unsaved = tuple(dict.fromkeys(name for name, _ in self._waiting))
            return SaveStatus(unsaved, problems[0] if problems else None)

    def flush(self, timeout: float | None = None) -> SaveStatus:
        """Save at once, wait until everything is saved or has failed, and return the status."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            for entry in self._entries():
                entry.due, entry.problem = time.monotonic(), None
            self._changed.notify_all()
            while self._busy or not self._all_tried():
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
        return self.status

    def close(self) -> SaveStatus:
        """Save everything and end the thread; when saving fails, keep trying and return the problem."""
        status = self.flush()
        if status == SaveStatus():
            with self._changed:
                self._stop = True
                self._changed.notify_all()
            self._thread.join()
        return status

    def _entries(self) -> list[_Waiting]:
        return [*self._waiting.values(), *(action.waiting for action in self._actions)]

    def _all_tried(self) -> bool:
        """Whether only failed saves wait, and actions that have to follow them."""
        if any(entry.problem is None for entry in self._waiting.values()):
            return False
        first = self._actions[0] if self._actions else None
        return first is None or bool(first.after) or first.waiting.problem is not None

    # ---- in the worker

    def _work(self) -> None:
        while True:
            with self._changed:
                work = self._next()
                while work is None and not self._stop:
                    self._changed.wait(self._pause())
                    work = self._next()
                if work is None:
                    return
                self._busy = True
            try:
                if isinstance(work, _Action):
                    work.run()
                else:
                    self._save(*work)
                self._succeeded(work)
            except Exception as error:  # nothing may end this thread while work waits
                with self._changed:
                    waiting = work.waiting if isinstance(work, _Action) else self._waiting.get(work[0])
                    if waiting is not None:
                        waiting.failed(error)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
            self._report_status()

    def _next(self) -> "_Action | tuple[PlaneKey, _Pending] | None":
        now = time.monotonic()
        if self._actions and not self._actions[0].after and self._actions[0].waiting.due <= now:
            return self._actions[0]
        key = min(self._waiting, key=lambda key: self._waiting[key].due, default=None)
        if key is None or self._waiting[key].due > now:
            return None
        return key, self._latest[key]

    def _pause(self) -> float | None:
        due = [entry.due for entry in self._waiting.values()]
        due += [action.waiting.due for action in self._actions[:1] if not action.after]
        return max(min(due) - time.monotonic(), 0.001) if due else None

    def _save(self, key: PlaneKey, pending: _Pending) -> None:
        name, plane = key
        labels = pending.labels.array()
        if pending.sources is None:
            before = self._project.read(name, plane)
            sources: Sources = sources_after_edit(before.labels, labels, before.sources)
        else:
            sources = pending.sources.array()
        self._project.write(name, labels, sources, plane)

    def _succeeded(self, work: "_Action | tuple[PlaneKey, _Pending]") -> None:
        with self._changed:
            if isinstance(work, _Action):
                self._actions.remove(work)
                return
            key, pending = work
            for action in self._actions:
                action.after.discard(key)
            if self._latest.get(key) is pending:
                del self._waiting[key]
                if key != self._edited:  # this plane is no longer edited
                    del self._latest[key]
            elif key in self._waiting:
                self._waiting[key] = _Waiting(time.monotonic() + _SOON)

    def _report_status(self) -> None:
        status = self.status
        if status != self._reported:
            self._reported = status
            if self._on_status is not None:
                self._on_status(status)


def _sentence(error: Exception) -> str:
    if isinstance(error, ProjectError):
        return str(error)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
    return f"Saving failed ({reason}). Nothing is lost: the work stays in memory and is saved as soon as possible."

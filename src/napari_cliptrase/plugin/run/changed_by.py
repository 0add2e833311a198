"""Who changed a mask decides the state of its image."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray, PlaneIndex
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.project import Project


class ChangedBy:
    """A project as `Autosave` sees it: who changed a pixel decides the state of the image."""

    def __init__(self, project: Project, saved: Callable[[str], object]) -> None:
        self._project = project
        self._saved = saved
        self._last: tuple[ImageRecord, PlaneIndex, Annotation] | None = None

    def read(self, name: str, plane: PlaneIndex = ()) -> Annotation:
        """Return what is saved."""
        return self._project.read(name, plane)

    def write(self, name: str, labels: LabelArray, sources: NDArray[Any], plane: PlaneIndex = ()) -> None:
        """Save labels and provenance (H, W); a person's work where a pixel changed that is or was theirs."""
        before = self._before(name, plane)
        changed = (labels != before.labels) | (sources != before.sources)
        theirs = (sources >= Provenance.HAND) | (before.sources >= Provenance.HAND)
        by_person = bool((changed & theirs).any()) or not changed.any()
        record = self._project.write(name, labels, sources, plane, by_person=by_person)
        self._last = record, plane, Annotation(labels, sources)
        self._saved(name)

    def _before(self, name: str, plane: PlaneIndex) -> Annotation:
        """Return what is saved; from memory, when nobody has written the image since we did."""
        if self._last is not None:
            record, place, annotation = self._last
            if (record.name, place) == (name, plane) and record.planes == self._project.record(name).planes:
                return annotation
        return self._project.read(name, plane)

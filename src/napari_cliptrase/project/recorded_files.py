"""Mask, provenance and record of each image, written such that they stay in step.

Files are written whole or not at all, in the order provenance, mask, record, list of the data set. A record holds the
checksums of the two others, so that after a crash it is known which of them are newer than the record.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from napari_cliptrase.atomic import write_bytes, write_text
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.dataset_files import DatasetFiles
from napari_cliptrase.project.image_copies import set_aside
from napari_cliptrase.project.image_identity import IdentityCheck
from napari_cliptrase.project.image_record import ImageIdentity, ImageRecord, State
from napari_cliptrase.project.image_search import FileStamp
from napari_cliptrase.project.plane_files import Annotation, encode_plane
from napari_cliptrase.project.project_paths import ProjectPaths, plane_stem
from napari_cliptrase.project.record_index import RecordIndex


class RecordedFiles:
    """Writes the files of the images of a project; who may write, and when, is decided by the caller.

    Parameters
    ----------
    paths, index, dataset
        Where the files are, what is recorded, and the small files of the data set.

    Attributes
    ----------
    images
        Whether an image is the one that its mask was drawn on.
    """

    def __init__(self, paths: ProjectPaths, index: RecordIndex, dataset: DatasetFiles) -> None:
        self.paths = paths
        self.images = IdentityCheck(index.verified)
        self._index = index
        self._dataset = dataset

    @property
    def records(self) -> Mapping[str, ImageRecord]:
        """The record of each image, by name."""
        return self._index.records

    def record(self, name: str) -> ImageRecord:
        """Return the record of an image."""
        found = self._index.records.get(name)
        if found is None:
            raise ProjectError(f"The project has no image {name!r}; images are named by their path within it.")
        return found

    def put(
        self,
        record: ImageRecord,
        identity: ImageIdentity,
        annotations: Mapping[str, Annotation],
        *,
        by_person: bool | None,
        **fields: Any,
    ) -> ImageRecord:
        """Write the files of some planes, by their keys: provenance and masks, then the record once, then the list.

        What is on the disk already is not written. ``by_person`` says who changed it, which may change the state; None
        leaves the state as it is. ``fields`` of the record are set in the same step.
        """
        planes = dict(record.planes)
        for key, annotation in annotations.items():
            encoded = encode_plane(annotation)
            stem = plane_stem(record.stem, key)
            old = record.planes.get(key)
            if old is None or old.provenance != encoded.record.provenance or not self.paths.provenance(stem).exists():
                write_bytes(self.paths.provenance(stem), encoded.provenance)
            if old is None or old.mask != encoded.record.mask or not self.paths.mask(stem).exists():
                write_bytes(self.paths.mask(stem), encoded.mask)
            planes[key] = encoded.record
        self.images.accept(record.name)
        new = replace(record, identity=identity, planes=planes, **fields)
        if by_person is not None:
            changed = any(planes[key] != record.planes.get(key) for key in annotations)
            new = replace(new, state=state_after(new, changed=changed, by_person=by_person))
        return self.save(new)

    def save(self, record: ImageRecord) -> ImageRecord:
        """Write the record of an image when it has changed, and the lists that show it."""
        path = self.paths.state(record.name)
        if record != self._index.records[record.name] or not path.exists():
            write_text(path, record.to_json())
            self._index.records[record.name] = record
            self._index.stamps[record.name] = FileStamp.of(path)
        self._dataset.update(record)
        return record

    def set_aside(self, record: ImageRecord, key: str) -> None:
        """Move the files of a plane away, because they may be damaged."""
        stem = plane_stem(record.stem, key)
        set_aside(self.paths.mask(stem), self.paths.set_aside, f"masks/{stem}.png")
        set_aside(self.paths.provenance(stem), self.paths.set_aside, f"provenance/{stem}.png")


def state_after(record: ImageRecord, *, changed: bool, by_person: bool) -> State:
    """Return the state of an image after its mask was written, such that it stays true."""
    state = record.state
    if not changed and state is not State.NEW:
        return state
    if state in (State.NEW, State.PRE_ANNOTATED):
        return State.IN_PROGRESS if by_person else State.PRE_ANNOTATED
    if state is State.EMPTY and record.pixels:
        return State.IN_PROGRESS
    if state is State.REVIEWED:
        return State.DONE if by_person else State.IN_PROGRESS
    if state is State.DONE and not by_person:
        return State.IN_PROGRESS
    return state

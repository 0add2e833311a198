"""Masks and provenance of a project: read, merged and written, one image at a time, by one thread at a time."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray, PlaneIndex
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.project.dataset_files import DatasetFiles
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy
from napari_cliptrase.project.image_copies import ImageCopies, ImageCopy
from napari_cliptrase.project.image_record import ImageIdentity, ImageRecord, State
from napari_cliptrase.project.image_repair import ImageRepair
from napari_cliptrase.project.pixel_provenance import Provenance, assumed_sources, disagreeing, merge_result
from napari_cliptrase.project.plane_files import (
    Annotation,
    DamagedFile,
    checksum,
    read_mask,
    read_sources,
)
from napari_cliptrase.project.project_paths import ProjectPaths, plane_stem
from napari_cliptrase.project.record_index import RecordIndex
from napari_cliptrase.project.recorded_files import RecordedFiles


class AnnotationStore:
    """The files of the images of a project.

    Parameters
    ----------
    paths, index, dataset
        Where the files are, what is recorded, and the small files of the data set.
    may_write
        Raises ProjectError when nothing may be written: the project is open for reading only, or the lock is gone.
    """

    def __init__(
        self, paths: ProjectPaths, index: RecordIndex, dataset: DatasetFiles, may_write: Callable[[], None]
    ) -> None:
        self.paths = paths
        self._files = RecordedFiles(paths, index, dataset)
        self._dataset = dataset
        self.images = self._files.images
        self._backup = ImageCopies(paths, paths.backup)
        self._repair = ImageRepair(self._files, self._backup)
        self._may_write = may_write
        self._opened: set[tuple[str, str]] = set()
        self._lock = threading.RLock()

    @property
    def records(self) -> Mapping[str, ImageRecord]:
        """The record of each image, by name."""
        return self._files.records

    def record(self, name: str) -> ImageRecord:
        """Return the record of an image."""
        return self._files.record(name)

    # ---- reading

    def read(self, name: str, plane: PlaneIndex = ()) -> Annotation:
        """Return the work on a plane, an empty one where nothing was drawn; ImageBlocked when the files do not fit."""
        with self._lock:
            record = self.record(name)
            identity = self.images.of(record, self.paths.image(name))
            key = self._key(record, identity, plane)
            stored = record.planes.get(key)
            path = self.paths.mask(plane_stem(record.stem, key))
            if not path.exists():
                if stored is not None:
                    raise ImageBlocked(name, f"The mask {path} is missing.", self._repair.remedies(record))
                self._opened.add((name, key))
                return Annotation.empty(identity.shape)
            found = self._load(record, identity, key)
            self._opened.add((name, key))
            return found

    def _load(self, record: ImageRecord, identity: ImageIdentity, key: str) -> Annotation:
        stem = plane_stem(record.stem, key)
        mask, provenance = self.paths.mask(stem), self.paths.provenance(stem)
        try:
            labels = read_mask(mask, identity.shape)
        except DamagedFile as error:
            raise ImageBlocked(record.name, str(error), self._repair.remedies(record)) from error
        try:
            sources = read_sources(provenance, identity.shape) if provenance.exists() else assumed_sources(labels)
        except DamagedFile as error:
            raise ImageBlocked(record.name, str(error), (Remedy.KEEP_MASK, *self._repair.remedies(record))) from error
        stored = record.planes.get(key)
        known = provenance.exists() and (checksum(mask), checksum(provenance))
        if stored is not None and known == (stored.mask, stored.provenance):
            return Annotation(labels, sources)
        return self._adopt(record, identity, key, Annotation(labels, sources))

    def _adopt(self, record: ImageRecord, identity: ImageIdentity, key: str, found: Annotation) -> Annotation:
        """Take over files that are newer than the record: a program was killed, or another one wrote the mask.

        Pixels with a class and without provenance count as drawn by hand; the next write updates the record.
        """
        unknown = (found.labels != 0) & (found.sources == Provenance.NONE)
        sources = np.where(unknown, np.uint8(Provenance.HAND), found.sources)
        found = Annotation(found.labels, sources)
        try:
            self._may_write()
        except ProjectError:
            return found
        # a program that was killed may have left what a model alone made, which is no person's work
        present = set(np.unique(found.sources).tolist())
        by_person = not present & {Provenance.MODEL, Provenance.REFINED} or max(present) >= Provenance.HAND
        self._files.put(record, identity, {key: found}, by_person=by_person)
        return found

    # ---- writing

    def write(
        self,
        name: str,
        labels: LabelArray,
        sources: NDArray[np.integer],
        plane: PlaneIndex = (),
        *,
        by_person: bool = True,
    ) -> ImageRecord:
        """Save the work on a plane; return the new record.

        Parameters
        ----------
        name, plane
            The image, and the index of the plane in a stack.
        labels
            (H, W) integers, 0 = background.
        sources
            (H, W) integers, `Provenance` of each pixel.
        by_person
            Whether a person has changed anything; the state of the image follows from it.
        """
        self._may_write()
        record, identity, key = self._ready(name, plane)
        annotation = Annotation.checked(labels, sources, identity.shape, name)
        with self._lock:
            return self._files.put(record, identity, {key: annotation}, by_person=by_person)

    def take_result(
        self,
        name: str,
        results: Mapping[PlaneIndex, LabelArray],
        *,
        kind: Provenance = Provenance.MODEL,
        mode: MergeMode = MergeMode.KEEP_EDITS,
        locked_ids: Collection[int] = (),
        run: Mapping[str, Any] | None = None,
        uncertainty: float | None = None,
        scores: Mapping[int, float] | None = None,
    ) -> ImageRecord:
        """Merge a model's labels, (H, W) by plane, into what is there; keep what was there as the backup."""
        self._may_write()
        with self._lock:
            merged: dict[str, Annotation] = {}
            differing = decided = 0
            for plane, proposed in results.items():
                record, identity, key = self._ready(name, plane)
                before = self.read(name, plane)
                proposed = Annotation.checked(proposed, before.sources, identity.shape, name).labels
                counts = disagreeing(before.labels, before.sources, proposed)
                differing, decided = differing + counts[0], decided + counts[1]
                labels, sources = merge_result(
                    before.labels, before.sources, proposed, kind=kind, mode=mode, locked_ids=locked_ids
                )
                merged[key] = Annotation.checked(labels, sources, identity.shape, name)
            record = self.record(name)
            self._backup.save(record, merged)
            share = differing / decided if decided else None
            fields = {"run": run, "uncertainty": uncertainty, "disagreement": share, "scores": scores or {}}
            return self._files.put(record, identity, merged, by_person=False, **fields)

    @contextmanager
    def many_changes(self) -> Iterator[None]:
        """Write the list of the data set only now and then within the block, and at its end."""
        with self._lock:
            self._dataset.may_fall_behind()
        try:
            yield
        finally:
            with self._lock:
                self._dataset.keep_up()

    def planes(self, name: str) -> dict[str, PlaneIndex]:
        """Return the index of each plane that has a mask, by the key under which it is recorded."""
        record = self.record(name)
        if record.identity is None:
            return {}
        keys = {record.identity.plane_key(plane): plane for plane in record.identity.indices()}
        return {key: keys[key] for key in sorted(record.planes) if key in keys}

    def rewrite(self, name: str, plane: PlaneIndex, annotation: Annotation) -> ImageRecord:
        """Save a plane whose numbers have changed but not what is drawn; the state of the image stays."""
        self._may_write()
        with self._lock:
            record, identity, key = self._ready(name, plane)
            return self._files.put(record, identity, {key: annotation}, by_person=None)

    def put_back(self, copy: ImageCopy, source: ImageCopies) -> ImageRecord:
        """Restore the files of an image and its record from a copy."""
        self._may_write()
        with self._lock:
            source.restore(copy)
            return self._files.save(copy.record)

    def change(self, name: str, **fields: Any) -> ImageRecord:
        """Write the record of an image with some of its fields changed."""
        self._may_write()
        with self._lock:
            return self._files.save(replace(self.record(name), **fields))

    def set_state(self, name: str, state: State) -> ImageRecord:
        """Set the state of an image; a finished image without a mask gets an empty one."""
        self._may_write()
        with self._lock:
            record = self.record(name)
            if state is State.EMPTY and record.pixels:
                raise ProjectError(
                    f"{name} has labelled pixels, so it is not truly empty; erase them first, or mark it as done."
                )
            if state.finished:
                for plane in self.images.of(record, self.paths.image(name)).indices():
                    _, identity, key = self._ready(name, plane)
                    if key not in self.record(name).planes:
                        empty = {key: Annotation.empty(identity.shape)}
                        self._files.put(self.record(name), identity, empty, by_person=None)
            if state is State.REVIEWED:
                self._mark_reviewed(name)
            return self._files.save(replace(self.record(name), state=state))

    def _mark_reviewed(self, name: str) -> None:
        for plane in self.images.of(self.record(name), self.paths.image(name)).indices():
            found = self.read(name, plane)
            record, identity, key = self._ready(name, plane)
            sources = np.full_like(found.sources, Provenance.REVIEWED)
            self._files.put(record, identity, {key: Annotation(found.labels, sources)}, by_person=None)

    def _ready(self, name: str, plane: PlaneIndex) -> tuple[ImageRecord, ImageIdentity, str]:
        """Return what writing a plane needs; a plane that was never opened is opened first, to notice a block."""
        with self._lock:
            record = self.record(name)
            identity = self.images.of(record, self.paths.image(name))
            key = self._key(record, identity, plane)
            if (name, key) not in self._opened:
                self.read(name, plane)
            return self.record(name), identity, key

    def _key(self, record: ImageRecord, identity: ImageIdentity, plane: PlaneIndex) -> str:
        if len(plane) != len(identity.planes) or any(
            not 0 <= at < length for at, length in zip(plane, identity.planes, strict=True)
        ):
            has = f"planes {identity.axes} {identity.planes}" if identity.planes else "one plane"
            raise ProjectError(f"{record.name} has {has}, so there is no plane {plane}.")
        key = identity.plane_key(plane)
        if key and key not in record.planes:
            stem = plane_stem(record.stem, key).casefold()
            other = next((o.name for o in self.records.values() if o.stem.casefold() == stem), None)
            if other is not None:
                raise ProjectError(f"The mask of plane {key} of {record.name} would be that of {other}; rename one.")
        return key

    # ---- blocked images

    def blocked(self, name: str) -> ImageBlocked | None:
        """Return why an image is blocked; None when it can be opened."""
        try:
            for plane in self.planes(name).values() or [()]:
                self.read(name, plane)
        except ImageBlocked as block:
            return block
        return None

    def changed(self, name: str) -> ImageBlocked | None:
        """Return why an image is not the one that its mask was drawn on; None when it is. No mask is read for that."""
        record = self.record(name)
        if record.identity is None:
            return None
        try:
            self.images.of(record, self.paths.image(name))
        except ImageBlocked as block:
            return block
        return None

    def resolve(self, name: str, remedy: Remedy) -> ImageRecord:
        """Apply a remedy to a blocked image."""
        self._may_write()
        with self._lock:
            self._opened = {pair for pair in self._opened if pair[0] != name}
            return self._repair.apply(self.record(name), remedy)

"""A folder of images as an annotation project."""

import contextlib
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray, PlaneIndex
from napari_cliptrase.atomic import write_text
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.pixels.read import ImageFile, read_image
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.project.annotation_store import AnnotationStore
from napari_cliptrase.project.class_changes import ClassChanges
from napari_cliptrase.project.class_edit import ClassEdit, ClassEditPreview
from napari_cliptrase.project.dataset_files import DatasetFiles
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy
from napari_cliptrase.project.image_filter import ImageFilter, select
from napari_cliptrase.project.image_record import ImageRecord, State
from napari_cliptrase.project.image_search import FoundImages, find_images, mask_stems
from napari_cliptrase.project.new_project import write_new_project
from napari_cliptrase.project.opening import clear_after_kill, opening_notes
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.project_file import ProjectInfo, read_project_file
from napari_cliptrase.project.project_paths import INNER, ProjectPaths
from napari_cliptrase.project.record_index import load_records, unmatched
from napari_cliptrase.project.rescued_work import bring_back
from napari_cliptrase.project.writer_lock import WriterLock


class Project:
    """An annotation project: images, their masks, and the state of the work.

    Use `open`, `create` or `open_or_create`, and close it at the end: ``with Project.open(folder) as project: …``.
    Iterating yields the records of the images by name; `read` and `write` are for masks.

    Attributes
    ----------
    paths
        Where the files are.
    info
        Classes, model, settings and which images belong to the project.
    found
        What the search for images found.
    missing
        Names of images that have a record and are not there any more.
    notes
        What the user should know about opening it, one sentence each.
    """

    def __init__(self, paths: ProjectPaths, info: ProjectInfo, lock: WriterLock) -> None:
        self.paths = paths
        self.info = info
        self._lock = lock
        self._index = load_records(paths)
        self.found: FoundImages = find_images(paths.image_folder, recursive=info.recursive, patterns=info.patterns)
        known = {name: record.stem for name, record in self._index.records.items()}
        self.missing = unmatched(known_records := self._index.records, self.found.images)
        for name, stem in mask_stems(self.found.images, known).items():
            known_records.setdefault(name, ImageRecord(name, stem))
        self._dataset = DatasetFiles(paths, self._index.records, self.found.images, info.foreign)
        self.store = AnnotationStore(paths, self._index, self._dataset, self._may_write)
        self._classes = ClassChanges(self.store, lambda: self.info.prompts, self._write_prompts)
        self.notes = opening_notes(lock, self.missing, self._index.damaged)
        if lock.held:
            self._bring_up_to_date()
            self.notes += bring_back(self)

    # ---- opening and closing

    @classmethod
    def create(
        cls,
        folder: str | Path,
        prompts: PromptSet | None = None,
        *,
        model: str = "",
        settings: Mapping[str, Any] | None = None,
        recursive: bool = True,
        patterns: Iterable[str] = (),
    ) -> "Project":
        """Make a project of a folder of images.

        Parameters
        ----------
        folder
            Holds the images, or a folder ``images`` that does.
        prompts
            The classes; None takes those of ``masks/classes.json`` when there is one.
        model, settings
            What runs are made with, plain data.
        recursive, patterns
            Which images belong to the project, see `find_images`.
        """
        root = Path(folder).absolute()
        write_new_project(
            root, prompts, model=model, settings=settings or {}, recursive=recursive, patterns=tuple(patterns)
        )
        return cls.open(root)

    @classmethod
    def open(cls, folder: str | Path, *, write: bool = True, take_over: bool = False) -> "Project":
        """Open a project, for writing unless another program writes; see `read_only` and `notes`.

        Parameters
        ----------
        folder
            The folder of the project.
        write
            False opens it for reading only.
        take_over
            Take the right to write from a program on another computer that no longer runs.
        """
        root = Path(folder).absolute()
        paths = ProjectPaths(root)
        if not paths.project_file.exists():
            raise ProjectError(f"{root} is not a project: it has no {INNER}/project.json; make it a project first.")
        lock = WriterLock(paths.lock)
        if write:
            with contextlib.suppress(OSError):  # a folder that cannot be written
                lock.acquire(take_over=take_over)
        try:
            info = read_project_file(paths.project_file, keep_old=lock.held)
            return cls(replace(paths, images=info.images), info, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open_or_create(cls, folder: str | Path, prompts: PromptSet | None = None) -> "Project":
        """Open the project of a folder, or make one when there is none."""
        if cls.is_project(folder):
            return cls.open(folder)
        return cls.create(folder, prompts)

    @staticmethod
    def is_project(folder: str | Path) -> bool:
        """Whether a folder is a project already."""
        return (Path(folder) / INNER / "project.json").exists()

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written; `notes` says why."""
        return not self._lock.held

    @property
    def writer(self) -> str:
        """The other program that writes the project, in words; empty when there is none."""
        return "" if self._lock.held or self._lock.owner is None else str(self._lock.owner)

    def close(self) -> None:
        """Write the index and release the lock; everything else has been written."""
        if self._lock.held:
            with contextlib.suppress(OSError, ProjectError):  # the index can be rebuilt
                self._lock.check()
                self._index.write(self.paths.index)
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- images

    def __len__(self) -> int:
        return len(self.found.images)

    def __iter__(self) -> Iterator[ImageRecord]:
        """Yield the record of each image that is there, in the order of names."""
        return iter([self._index.records[name] for name in self.found.images])

    def record(self, name: str) -> ImageRecord:
        """Return what is known about an image."""
        return self.store.record(name)

    def select(
        self, which: ImageFilter = ImageFilter.ALL, *, text: str = "", most_uncertain_first: bool = False
    ) -> list[ImageRecord]:
        """Return the records of the images that fit a filter and whose name holds a text."""
        return select(self, which, text=text, most_uncertain_first=most_uncertain_first)

    def image(self, name: str) -> ImageFile:
        """Read an image."""
        path = self.paths.image(self.record(name).name)
        image = read_image(path)
        self.store.images.learn(name, path, image)
        return image

    @property
    def last_image(self) -> str | None:
        """The image that was worked on last, when it is still there; kept by `close`."""
        last = self._index.last_image
        return last if last in self.found.images else None

    @last_image.setter
    def last_image(self, name: str | None) -> None:
        self._index.last_image = name

    # ---- masks

    def read(self, name: str, plane: PlaneIndex = ()) -> Annotation:
        """Return labels and provenance of a plane; ImageBlocked when mask and image do not fit or are damaged."""
        return self.store.read(name, plane)

    def write(
        self, name: str, labels: LabelArray, sources: NDArray[Any], plane: PlaneIndex = (), *, by_person: bool = True
    ) -> ImageRecord:
        """Save labels and provenance (H, W) of a plane, drawn by a person unless ``by_person`` is False."""
        return self.store.write(name, labels, sources, plane, by_person=by_person)

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
        """Merge a model's labels, (H, W) by plane, into the masks of an image; what was there becomes its backup.

        ``kind`` is ``Provenance.MODEL`` or ``REFINED``; ``run`` is plain data by which a run can be recognised;
        ``uncertainty`` says how unsure the model was, 0 to 1, and ``scores`` how probable it found each class in the
        pixels that it gave to the class. See `merge_labels` for the rest.
        """
        return self.store.take_result(
            name,
            results,
            kind=kind,
            mode=mode,
            locked_ids=locked_ids,
            run=run,
            uncertainty=uncertainty,
            scores=scores,
        )

    def many_changes(self) -> AbstractContextManager[None]:
        """Change many images in a block: ``metadata.jsonl`` is written every second or so in it, and at its end."""
        return self.store.many_changes()

    def blocked(self, name: str) -> ImageBlocked | None:
        """Return why an image is blocked; None when it can be opened."""
        return self.store.blocked(name)

    def changed(self, name: str) -> ImageBlocked | None:
        """Return why an image is not the one that its mask was drawn on; None when it is. No mask is read for that."""
        return self.store.changed(name)

    def resolve(self, name: str, remedy: Remedy) -> ImageRecord:
        """Apply a remedy to an image that is blocked; RESTORE_BACKUP also undoes the last model run of any image."""
        return self.store.resolve(name, remedy)

    # ---- states

    def set_state(self, name: str, state: State) -> ImageRecord:
        """Set the state of an image."""
        return self.store.set_state(name, state)

    def flag(self, name: str, note: str) -> ImageRecord:
        """Flag an image, with a note on what is odd about it."""
        return self.store.change(name, flag=note)

    def unflag(self, name: str) -> ImageRecord:
        """Take the flag away."""
        return self.store.change(name, flag=None)

    def add_time(self, name: str, seconds: float) -> ImageRecord:
        """Add to the time that was spent on an image."""
        return self.store.change(name, seconds=round(self.record(name).seconds + seconds, 1))

    # ---- classes

    @property
    def prompts(self) -> PromptSet:
        """The classes."""
        return self.info.prompts

    def set_prompts(self, prompts: PromptSet) -> None:
        """Change classes where no mask has to change: prompts, colours, thresholds, order, new ones.

        A class with pixels in a mask cannot be removed like this; see `change_classes`.
        """
        self._may_write()
        for class_id, image in self.used_classes(set(self.prompts.ids) - set(prompts.ids)).items():
            name = self.prompts.get(class_id).name
            raise ProjectError(f"Class {name!r} has pixels in {image}; delete or merge it over all images.")
        self._write_prompts(prompts)

    def used_classes(self, ids: Collection[int]) -> dict[int, str]:
        """Return those of some classes that have pixels, each with an image where it has."""
        found: dict[int, str] = {}
        for record in self._index.records.values() if ids else ():
            for class_id in set(ids) & set(record.pixels):
                found.setdefault(class_id, record.name)
        return dict(sorted(found.items()))

    def configure(
        self,
        *,
        model: str | None = None,
        settings: Mapping[str, Any] | None = None,
        refine: str | None = None,
        sam: str | None = None,
    ) -> None:
        """Change what runs are made with, see `ProjectInfo`; None leaves a value as it is."""
        self._may_write()
        said: dict[str, Any] = {"model": model, "settings": settings, "refine": refine, "sam": sam}
        self._write_info(replace(self.info, **{name: value for name, value in said.items() if value is not None}))

    def preview_classes(self, edit: ClassEdit) -> ClassEditPreview:
        """Return what a change of a class over all images would do."""
        return self._classes.preview(edit)

    def change_classes(self, edit: ClassEdit) -> ClassEditPreview:
        """Rename, merge, split off or delete a class over all images; save what is being edited first."""
        return run_to_end(self.change_classes_steps(edit))

    def change_classes_steps(self, edit: ClassEdit) -> Generator[Progress, None, ClassEditPreview]:
        """Like `change_classes`, step by step; closing the generator undoes everything."""
        self._may_write()
        return (yield from self._classes.apply_steps(edit))

    @property
    def last_class_change(self) -> ClassEdit | None:
        """The change of classes that can be undone."""
        return self._classes.last

    def undo_class_change(self) -> ClassEdit:
        """Undo the last change of classes; what was drawn since stays."""
        self._may_write()
        return run_to_end(self._classes.undo_steps())

    # ---- inside

    def _may_write(self) -> None:
        if not self._lock.held:
            raise ProjectError(f"{self.paths.folder} is open for reading only. {' '.join(self.notes)}")
        self._lock.check()

    def _bring_up_to_date(self) -> None:
        """Repair what a killed program may have left: partial files, a class change, lists."""
        if not self._index.fresh or self._lock.taken_over:
            clear_after_kill(self.paths)
        try:
            self._dataset.write_list()
            if not self._index.fresh:
                self._index.write(self.paths.index)
            recovered = self._classes.recover()
            if recovered is not None:
                self.notes += (recovered,)
            self._dataset.write_classes(self.prompts)
        except OSError as error:
            self.notes += (f"The lists beside the masks cannot be written ({error.strerror or error}).",)

    def _write_prompts(self, prompts: PromptSet) -> None:
        self._write_info(replace(self.info, prompts=prompts))
        self._dataset.write_classes(prompts)

    def _write_info(self, info: ProjectInfo) -> None:
        if info != self.info:
            write_text(self.paths.project_file, info.to_json())
            self.info = info

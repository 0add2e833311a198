"""Changes of classes over all masks of a project: as a whole or not at all, with one undo.

The masks that change are copied first. A journal records the change, so that an interrupted change is
undone, and an interrupted undo is finished, when the project is opened next.
"""

import json
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_cliptrase.atomic import write_text
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError, PromptError
from napari_cliptrase.field_values import FieldError, checked_texts
from napari_cliptrase.json_file import read_json
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.project.annotation_store import AnnotationStore
from napari_cliptrase.project.class_edit import ClassEdit, ClassEditPreview
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_copies import ImageCopies, ImageCopy
from napari_cliptrase.project.plane_files import Annotation, read_mask, read_sources

_APPLYING, _DONE, _UNDOING = "applying", "done", "undoing"


@dataclass(frozen=True)
class _Journal:
    phase: str
    edit: ClassEdit
    before: PromptSet
    after: PromptSet
    images: tuple[str, ...]

    def to_json(self) -> str:
        data = {
            "phase": self.phase,
            "edit": self.edit.to_data(),
            "before": json.loads(self.before.to_json()),
            "after": json.loads(self.after.to_json()),
            "images": list(self.images),
        }
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "_Journal":
        return cls(
            str(data["phase"]),
            ClassEdit.from_data(data["edit"]),
            PromptSet.from_json(json.dumps(data["before"])),
            PromptSet.from_json(json.dumps(data["after"])),
            checked_texts("images", data["images"]),
        )


class ClassChanges:
    """Applies changes of classes to a project.

    Parameters
    ----------
    store
        The masks.
    read_prompts, write_prompts
        How the class list of the project is read and written.
    """

    def __init__(
        self,
        store: AnnotationStore,
        read_prompts: Callable[[], PromptSet],
        write_prompts: Callable[[PromptSet], None],
    ) -> None:
        self._store = store
        self._read_prompts = read_prompts
        self._write_prompts = write_prompts
        self._folder = store.paths.class_change
        self._copies = ImageCopies(store.paths, self._folder)

    def preview(self, edit: ClassEdit) -> ClassEditPreview:
        """Return what a change would do, from the records alone."""
        before = self._read_prompts()
        pixels = {name: edit.pixels(record) for name, record in sorted(self._store.records.items())}
        return ClassEditPreview(
            edit, before, edit.apply_to_prompts(before), {name: count for name, count in pixels.items() if count}
        )

    def apply_steps(self, edit: ClassEdit) -> Generator[Progress, None, ClassEditPreview]:
        """Change classes and masks; when it fails or is stopped half-way, everything goes back to what it was."""
        preview = self.preview(edit)
        names = tuple(preview.pixels)
        total = 2 * len(names)
        self._open_all(edit, names)
        self._forget()
        for number, name in enumerate(names):
            self._copies.save(self._store.record(name), self._concerned(edit, name))
            yield Progress(number + 1, total, f"Copying the mask of {name}")
        journal = _Journal(_APPLYING, edit, preview.before, preview.after, names)
        self._write(journal)
        try:
            for number, name in enumerate(names):
                for plane in self._concerned(edit, name).values():
                    self._store.rewrite(name, plane, edit.apply(self._store.read(name, plane)))
                yield Progress(len(names) + number + 1, total, f"Writing the mask of {name}")
            self._write_prompts(preview.after)
            self._write(_Journal(_DONE, edit, preview.before, preview.after, names))
        except BaseException:
            self._undo_journal(journal)
            raise
        return preview

    @property
    def last(self) -> ClassEdit | None:
        """The change that `undo_steps` would undo; None when there is none."""
        journal = self._read()
        return None if journal is None else journal.edit

    def undo_steps(self) -> Generator[Progress, None, ClassEdit]:
        """Undo the last change; what was drawn since stays."""
        journal = self._read()
        if journal is None:
            raise ProjectError("There is no change of classes to undo.")
        if journal.phase == _DONE and self._read_prompts() != journal.after:
            raise ProjectError("The classes were edited since the last change, so it cannot be undone any more.")
        self._open_all(None, journal.images)
        self._write(_Journal(_UNDOING, journal.edit, journal.before, journal.after, journal.images))
        for number, name in enumerate(journal.images):
            copy = self._copies.find(name)
            if copy is not None:
                self._revert(journal.edit, copy)
            yield Progress(number + 1, len(journal.images), f"Writing the mask of {name}")
        self._write_prompts(journal.before)
        self._forget()
        return journal.edit

    def recover(self) -> str | None:
        """Undo an interrupted change, or finish an interrupted undo; return what was done, in a sentence."""
        journal = self._read()
        if journal is None or journal.phase == _DONE:
            return None
        if journal.phase == _UNDOING:
            run_to_end(self.undo_steps())
            return f"The undo of a change of classes ({journal.edit.kind}) was interrupted and is finished now."
        self._undo_journal(journal)
        return f"A change of classes ({journal.edit.kind}) was interrupted and has been undone."

    def _undo_journal(self, journal: _Journal) -> None:
        for name in journal.images:
            copy = self._copies.find(name)
            if copy is not None:
                self._store.put_back(copy, self._copies)
        self._write_prompts(journal.before)
        self._forget()

    def _concerned(self, edit: ClassEdit, name: str) -> dict[str, tuple[int, ...]]:
        record = self._store.record(name)
        planes = self._store.planes(name)
        return {key: plane for key, plane in planes.items() if record.planes[key].pixels.get(edit.class_id)}

    def _open_all(self, edit: ClassEdit | None, names: tuple[str, ...]) -> None:
        """Refuse to start while a mask that would change is blocked."""
        for name in names:
            planes = self._store.planes(name) if edit is None else self._concerned(edit, name)
            try:
                for plane in planes.values():
                    self._store.read(name, plane)
            except ImageBlocked as error:
                raise ProjectError(
                    f"Classes cannot be changed over all images while {name} is blocked. {error}"
                ) from error

    def _revert(self, edit: ClassEdit, copy: ImageCopy) -> None:
        record, planes = copy.record, self._store.planes(copy.record.name)
        for key in set(copy.keys) & set(planes):  # the image may have been reset since
            now = self._store.read(record.name, planes[key])
            shape = now.labels.shape[0], now.labels.shape[1]
            before = Annotation(
                read_mask(self._copies.mask(record, key), shape),
                read_sources(self._copies.provenance(record, key), shape),
            )
            self._store.rewrite(record.name, planes[key], edit.revert(before, now))

    @property
    def _journal(self) -> Path:
        return self._folder / "journal.json"

    def _read(self) -> _Journal | None:
        try:
            return _Journal.from_data(read_json(self._journal))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, PromptError, FieldError):
            return None

    def _write(self, journal: _Journal) -> None:
        write_text(self._journal, journal.to_json())

    def _forget(self) -> None:
        self._journal.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

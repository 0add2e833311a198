"""A class over all images: previewed, changed as a whole or not at all, and back once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError, ProjectError
from napari_cliptrase.project.class_edit import ClassEdit
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)
Files = Callable[[Path], dict[str, bytes]]
Reopen = Callable[[Project], Project]


def data_files(found: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out what only serves to take a change back."""
    return {name: data for name, data in found.items() if "/class-change/" not in name}


@pytest.fixture
def filled(project: Project) -> Project:
    for number, name in enumerate(("a.png", "b.png", "sub/c.png")):
        labels = np.random.default_rng(number).integers(0, 3 if name != "b.png" else 2, SHAPE, np.uint8)
        project.write(name, labels, np.where(labels != 0, np.uint8(Provenance.HAND), np.uint8(0)))
    return project


def labels_of(project: Project) -> dict[str, np.ndarray]:
    return {record.name: project.read(record.name).labels for record in project}


def test_a_preview_counts_and_changes_nothing(filled: Project, folder: Path, files: Files) -> None:
    before = files(folder)
    preview = filled.preview_classes(ClassEdit.merge(2, 1))
    count = sum(int((labels == 2).sum()) for labels in labels_of(filled).values())
    assert sum(preview.pixels.values()) == count
    assert set(preview.pixels) == {"a.png", "sub/c.png"}
    assert str(preview) == f"'dog' becomes part of 'cat': {count:,} pixels in 2 images."
    assert files(folder) == before


def test_merging_gives_pixels_and_phrases_to_the_other_class(filled: Project) -> None:
    before = labels_of(filled)
    filled.change_classes(ClassEdit.merge(2, 1))
    for name, labels in labels_of(filled).items():
        assert np.array_equal(labels, np.where(before[name] == 2, 1, before[name]))
    assert filled.prompts.ids == (1, 3)
    assert filled.prompts.get(1).phrases == ("cat", "dog", "puppy", "hound")


def test_deleting_leaves_pixels_that_a_model_may_fill(filled: Project) -> None:
    filled.change_classes(ClassEdit.delete(2))
    found = filled.read("a.png")
    assert set(np.unique(found.labels)) == {0, 1}
    filled.take_result("a.png", {(): np.full(SHAPE, 3, np.uint8)})
    assert set(np.unique(filled.read("a.png").labels)) == {1, 3}


def test_splitting_off_makes_a_class_of_some_images(filled: Project) -> None:
    filled.change_classes(ClassEdit.split_off(filled.prompts, 1, "lynx", ["b.png"]))
    assert filled.prompts.get(4).name == "lynx"
    assert set(np.unique(filled.read("b.png").labels)) == {0, 4}
    assert set(np.unique(filled.read("a.png").labels)) == {0, 1, 2}


def test_renaming_touches_no_mask(filled: Project, folder: Path, files: Files) -> None:
    before = {name: data for name, data in files(folder).items() if name.endswith(".png")}
    filled.change_classes(ClassEdit.rename(1, "feline"))
    after = {name: data for name, data in files(folder).items() if name.endswith(".png")}
    assert after == before
    assert filled.prompts.get(1).name == "feline"


@pytest.mark.parametrize("edit", [ClassEdit.merge(2, 1), ClassEdit.delete(1), ClassEdit.rename(2, "wolf")], ids=str)
def test_undo_gives_back_every_byte(
    filled: Project, folder: Path, files: Files, edit: ClassEdit, reopened: Reopen
) -> None:
    before = data_files(files(folder))
    filled.change_classes(edit)
    assert data_files(files(folder)) != before
    project = reopened(filled)
    assert project.last_class_change == edit
    project.undo_class_change()
    assert data_files(files(folder)) == before
    with pytest.raises(ProjectError, match="no change"):
        project.undo_class_change()


def test_undo_keeps_what_was_drawn_since(filled: Project) -> None:
    before = filled.read("a.png").labels
    filled.change_classes(ClassEdit.delete(2))
    now = filled.read("a.png")
    labels, sources = now.labels.copy(), now.sources.copy()
    labels[:3], sources[:3] = 3, Provenance.HAND
    filled.write("a.png", labels, sources)
    filled.undo_class_change()
    after = filled.read("a.png").labels
    assert (after[:3] == 3).all()
    assert np.array_equal(after[3:], before[3:])


def test_undo_is_refused_once_the_classes_were_edited(filled: Project) -> None:
    filled.change_classes(ClassEdit.delete(2))
    filled.set_prompts(filled.prompts.added("bird"))
    with pytest.raises(ProjectError, match="edited since"):
        filled.undo_class_change()


def test_what_cannot_be_changed_is_refused_with_nothing_changed(filled: Project, folder: Path, files: Files) -> None:
    before = files(folder)
    for edit in (ClassEdit.delete(9), ClassEdit.rename(1, "dog"), ClassEdit.merge(1, 9)):
        with pytest.raises(CliptraseError):
            filled.change_classes(edit)
    with pytest.raises(ProjectError, match="itself"):
        ClassEdit.merge(1, 1)
    assert files(folder) == before


def test_a_blocked_image_stops_a_change_before_it_begins(
    filled: Project, folder: Path, files: Files, reopened: Reopen
) -> None:
    (folder / "masks" / "sub" / "c.png").write_bytes(b"broken")
    project = reopened(filled)
    before = files(folder)
    with pytest.raises(ProjectError, match=r"sub/c\.png is blocked"):
        project.change_classes(ClassEdit.delete(2))
    assert files(folder) == before


@pytest.mark.parametrize("steps", range(1, 4))
def test_a_change_that_is_stopped_goes_back_to_what_it_was(
    filled: Project, folder: Path, files: Files, steps: int
) -> None:
    before = data_files(files(folder))
    work = filled.change_classes_steps(ClassEdit.merge(2, 1))
    for _ in range(steps):
        next(work)
    work.close()
    assert data_files(files(folder)) == before


@pytest.mark.parametrize("writes", range(12))
@pytest.mark.parametrize("undo", [False, True], ids=["change", "undo"])
def test_a_program_killed_in_a_change_leaves_all_or_nothing(
    filled: Project,
    folder: Path,
    files: Files,
    reopened: Reopen,
    monkeypatch: pytest.MonkeyPatch,
    writes: int,
    undo: bool,
) -> None:
    """Each write after the first few fails for good, as it does for a program that is not there any more."""
    before = data_files(files(folder))
    if undo:
        filled.change_classes(ClassEdit.merge(2, 1))
    changed = data_files(files(folder))
    import os

    real, left = os.replace, [writes]

    def replace(source: object, target: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        real(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", replace)
    finished = True
    try:
        if undo:
            filled.undo_class_change()
        else:
            filled.change_classes(ClassEdit.merge(2, 1))
    except KeyboardInterrupt:
        finished = False
    monkeypatch.undo()
    project = reopened(filled)
    now = data_files(files(folder))
    if undo:
        assert now in (before, changed)
        if writes >= 1:  # the undo had begun and is finished
            assert now == before
    else:
        assert now == before or (finished and now != before)
    assert {name: project.read(name).labels.shape for name in labels_of(project)}

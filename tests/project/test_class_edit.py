"""A change of a class, on the list and on a mask, and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError, PromptError
from napari_cliptrase.project.class_edit import ClassEdit, ClassEditPreview
from napari_cliptrase.project.image_record import ImageRecord, PlaneRecord
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.plane_files import Annotation

PROMPTS = PromptSet.parse("cat\ndog: puppy, hound\nsky")
EDITS = {
    "rename": ClassEdit.rename(2, "wolf"),
    "merge": ClassEdit.merge(2, 1),
    "split off": ClassEdit.split_off(PROMPTS, 2, "wolf", ["a.png"]),
    "delete": ClassEdit.delete(2),
}


def plane(*labels: int) -> Annotation:
    found = np.array([labels], np.uint8)
    return Annotation(found, np.where(found > 0, np.uint8(Provenance.HAND), np.uint8(0)))


@pytest.mark.parametrize("name", EDITS)
def test_a_change_comes_back_from_its_data(name: str) -> None:
    assert ClassEdit.from_data(EDITS[name].to_data()) == EDITS[name]


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("rename", {1: ("cat",), 2: ("wolf", "puppy", "hound"), 3: ("sky",)}),
        ("merge", {1: ("cat", "dog", "puppy", "hound"), 3: ("sky",)}),
        ("split off", {1: ("cat",), 2: ("dog", "puppy", "hound"), 3: ("sky",), 4: ("wolf",)}),
        ("delete", {1: ("cat",), 3: ("sky",)}),
    ],
)
def test_the_list_after_a_change(name: str, classes: dict[int, tuple[str, ...]]) -> None:
    after = EDITS[name].apply_to_prompts(PROMPTS)
    assert {entry.id: entry.phrases for entry in after} == classes


@pytest.mark.parametrize(
    ("name", "labels"),
    [("rename", (0, 1, 2, 3)), ("merge", (0, 1, 1, 3)), ("split off", (0, 1, 4, 3)), ("delete", (0, 1, 0, 3))],
)
def test_a_mask_after_a_change(name: str, labels: tuple[int, ...]) -> None:
    after = EDITS[name].apply(plane(0, 1, 2, 3))
    assert tuple(after.labels[0]) == labels


def test_deleted_pixels_belong_to_nobody_so_that_a_model_may_fill_them() -> None:
    after = EDITS["delete"].apply(plane(0, 1, 2, 3))
    assert list(after.sources[0]) == [0, Provenance.HAND, Provenance.NONE, Provenance.HAND]
    assert (EDITS["merge"].apply(plane(2)).sources == Provenance.HAND).all()


def test_a_class_beyond_255_fits_the_mask_and_leaves_no_wide_one_behind() -> None:
    edit = ClassEdit.merge(2, 300)
    after = edit.apply(plane(1, 2))
    assert after.labels.tolist() == [[1, 300]]
    back = edit.revert(plane(1, 2), after)
    assert back.labels.dtype == np.uint8
    assert back.labels.tolist() == [[1, 2]]


@given(st.sampled_from(sorted(EDITS)), arrays(np.uint8, (4, 5), elements=st.integers(0, 3)))
def test_undo_gives_back_every_pixel(name: str, labels: np.ndarray) -> None:
    before = Annotation(labels, np.where(labels > 0, np.uint8(Provenance.HAND), np.uint8(0)))
    back = EDITS[name].revert(before, EDITS[name].apply(before))
    assert np.array_equal(back.labels, before.labels)
    assert np.array_equal(back.sources, before.sources)


def test_undo_leaves_what_was_drawn_since() -> None:
    before = plane(2, 2, 1)
    now = EDITS["merge"].apply(before)
    now.labels[0, 0] = 3
    assert EDITS["merge"].revert(before, now).labels.tolist() == [[3, 2, 1]]


def test_pixels_are_counted_where_the_class_changes() -> None:
    records = [ImageRecord(f"{name}.png", name, planes={"": PlaneRecord(0, 0, {2: 7})}) for name in "ab"]
    counts = {name: [edit.pixels(record) for record in records] for name, edit in EDITS.items()}
    assert counts == {"rename": [0, 0], "merge": [7, 7], "split off": [7, 0], "delete": [7, 7]}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rename", "'dog' becomes 'wolf'; no mask changes."),
        ("merge", "'dog' becomes part of 'cat': 1,200 pixels in 2 images."),
        ("split off", "'dog' becomes 'wolf' in 1 images: 1,200 pixels in 2 images."),
        ("delete", "'dog' is deleted and its pixels become unlabelled: 1,200 pixels in 2 images."),
    ],
)
def test_a_preview_says_what_would_happen(name: str, words: str) -> None:
    edit = EDITS[name]
    preview = ClassEditPreview(edit, PROMPTS, edit.apply_to_prompts(PROMPTS), {"a.png": 1000, "b.png": 200})
    assert str(preview) == words


def test_what_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(ProjectError, match="cannot be merged into itself"):
        ClassEdit.merge(2, 2)
    with pytest.raises(PromptError):
        ClassEdit.rename(2, "cat").apply_to_prompts(PROMPTS)

"""A folder as a project: made, opened, read, written, and read by other programs."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.masks.registry import guess_format
from napari_cliptrase.project import plane_files
from napari_cliptrase.project.image_filter import ImageFilter
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)
Files = Callable[[Path], dict[str, bytes]]
Paint = Callable[..., None]
Reopen = Callable[[Project], Project]


def drawn(value: int = 1, rows: slice = slice(2, 5)) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    labels[rows] = value
    return labels


def hand(labels: np.ndarray) -> np.ndarray:
    return np.where(labels != 0, np.uint8(Provenance.HAND), np.uint8(0))


def save(project: Project, name: str, labels: np.ndarray) -> None:
    project.write(name, labels, hand(labels))


def test_a_folder_becomes_a_project_and_opens_again(folder: Path, prompts: PromptSet) -> None:
    with Project.create(folder, prompts, model="demo", settings={"grid": 14}) as project:
        assert [record.name for record in project] == ["a.png", "b.png", "sub/c.png"]
        assert project.found.others == 1
        assert {record.state for record in project} == {State.NEW}
    with Project.open(folder) as project:
        assert project.prompts == prompts
        assert (project.info.model, project.info.settings) == ("demo", {"grid": 14})
        assert not project.read_only
        assert project.notes == ()
        assert project.found.others == 1  # the lists of the project are none of the user's files


def test_masks_and_provenance_come_back_exactly(project: Project, reopened: Reopen) -> None:
    labels = np.random.default_rng(0).integers(0, 4, SHAPE, np.uint8)
    sources = np.random.default_rng(1).integers(0, 5, SHAPE, np.uint8)
    project.write("sub/c.png", labels, sources)
    found = reopened(project).read("sub/c.png")
    assert np.array_equal(found.labels, labels)
    assert np.array_equal(found.sources, sources)
    assert found.labels.dtype == found.sources.dtype == np.uint8


def test_ids_above_255_come_back(project: Project) -> None:
    save(project, "a.png", drawn(1).astype(np.uint16) * 60000)
    assert set(np.unique(project.read("a.png").labels)) == {0, 60000}


def test_a_stack_has_a_mask_for_each_plane(tmp_path: Path, prompts: PromptSet) -> None:
    tifffile.imwrite(tmp_path / "s.tif", np.zeros((11, *SHAPE), np.uint8), metadata={"axes": "ZYX"})
    with Project.create(tmp_path, prompts) as project:
        project.write("s.tif", drawn(2), hand(drawn(2)), (3,))
        assert np.array_equal(project.read("s.tif", (3,)).labels, drawn(2))
        assert not project.read("s.tif", (4,)).labels.any()
        assert (tmp_path / "masks" / "s_z03.png").exists()
        with pytest.raises(ProjectError, match="no plane"):
            project.read("s.tif", (11,))
        with pytest.raises(ProjectError, match="no plane"):
            project.read("s.tif")


def test_saving_the_same_again_changes_no_file(project: Project, folder: Path, files: Files) -> None:
    save(project, "a.png", drawn())
    before = files(folder)
    stamp = (folder / "masks" / "a.png").stat().st_mtime_ns
    save(project, "a.png", drawn())
    assert files(folder) == before
    assert (folder / "masks" / "a.png").stat().st_mtime_ns == stamp


def test_the_same_work_gives_the_same_bytes_at_any_time(
    tmp_path: Path, prompts: PromptSet, paint: Paint, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, now in (("one", 1.0e9), ("two", 1.5e9)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        paint(tmp_path / place / "a.png")
        os.utime(tmp_path / place / "a.png", (now, now))
        with Project.create(tmp_path / place, prompts) as project:
            project.take_result("a.png", {(): drawn(2)}, run={"model": "demo"}, uncertainty=0.25)
            save(project, "a.png", drawn(1))
            project.set_state("a.png", State.DONE)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_erasing_everything_is_saved_and_is_not_never_opened(project: Project, reopened: Reopen) -> None:
    save(project, "a.png", drawn())
    save(project, "a.png", np.zeros(SHAPE, np.uint8))
    project = reopened(project)
    assert not project.read("a.png").labels.any()
    assert project.record("a.png").state is State.IN_PROGRESS
    assert project.record("b.png").state is State.NEW
    assert [record.name for record in project.select(ImageFilter.EMPTY)] == ["a.png"]


def test_truly_empty_is_a_state_of_its_own_and_has_a_mask(project: Project, folder: Path) -> None:
    project.set_state("a.png", State.EMPTY)
    assert (folder / "masks" / "a.png").exists()
    save(project, "b.png", drawn())
    with pytest.raises(ProjectError, match="labelled pixels"):
        project.set_state("b.png", State.EMPTY)
    save(project, "a.png", drawn())
    assert project.record("a.png").state is State.IN_PROGRESS


def test_states_stay_true_when_masks_change(project: Project) -> None:
    project.take_result("a.png", {(): drawn(2)})
    assert project.record("a.png").state is State.PRE_ANNOTATED
    save(project, "a.png", drawn(1))
    assert project.record("a.png").state is State.IN_PROGRESS
    project.set_state("a.png", State.DONE)
    save(project, "a.png", drawn(3))
    assert project.record("a.png").state is State.DONE
    project.set_state("a.png", State.REVIEWED)
    assert set(np.unique(project.read("a.png").sources)) == {Provenance.REVIEWED}
    save(project, "a.png", drawn(1))
    assert project.record("a.png").state is State.DONE


def test_a_model_changes_no_pixel_that_a_person_drew_or_erased(project: Project) -> None:
    project.take_result("a.png", {(): drawn(2, slice(0, 12))})
    found = project.read("a.png")
    labels, sources = found.labels.copy(), found.sources.copy()
    labels[0], sources[0] = 1, Provenance.HAND
    labels[1], sources[1] = 0, Provenance.HAND
    project.write("a.png", labels, sources)
    project.take_result("a.png", {(): drawn(3, slice(0, 12))}, kind=Provenance.REFINED)
    found = project.read("a.png")
    assert set(np.unique(found.labels[0])) == {1}
    assert set(np.unique(found.labels[1])) == {0}
    assert set(np.unique(found.labels[2:])) == {3}
    assert set(np.unique(found.sources[:2])) == {Provenance.HAND}
    assert set(np.unique(found.sources[2:])) == {Provenance.REFINED}


def test_a_result_of_another_size_changes_nothing(project: Project, folder: Path, files: Files) -> None:
    save(project, "a.png", drawn())
    before = files(folder)
    with pytest.raises(ProjectError, match="shape"):
        project.take_result("a.png", {(): np.zeros((3, 3), np.uint8)})
    with pytest.raises(ProjectError, match="shape"):
        project.write("a.png", np.zeros((3, 3), np.uint8), np.zeros((3, 3), np.uint8))
    with pytest.raises(ProjectError, match="float"):
        project.write("a.png", np.zeros(SHAPE), np.zeros(SHAPE, np.uint8))
    assert files(folder) == before


def test_flags_time_and_the_last_image_are_kept(project: Project, reopened: Reopen) -> None:
    project.flag("a.png", "glare")
    project.add_time("a.png", 12.34)
    project.add_time("a.png", 1)
    project.last_image = "b.png"
    project = reopened(project)
    assert project.record("a.png").flag == "glare"
    assert project.record("a.png").seconds == pytest.approx(13.3)
    assert project.last_image == "b.png"
    assert [record.name for record in project.select(ImageFilter.FLAGGED)] == ["a.png"]
    project.unflag("a.png")
    assert not project.select(ImageFilter.FLAGGED)


def test_the_most_uncertain_come_first(project: Project) -> None:
    project.take_result("a.png", {(): drawn()}, uncertainty=0.2)
    project.take_result("sub/c.png", {(): drawn()}, uncertainty=0.9)
    assert [r.name for r in project.select(most_uncertain_first=True)] == ["sub/c.png", "a.png", "b.png"]
    assert [r.name for r in project.select(text="SUB/")] == ["sub/c.png"]


def test_other_programs_read_the_masks_without_an_export(project: Project, folder: Path, prompts: PromptSet) -> None:
    save(project, "a.png", drawn(2))
    save(project, "sub/c.png", drawn(3))
    with Image.open(folder / "masks" / "sub" / "c.png") as picture:
        assert picture.mode == "P"
        assert np.array_equal(np.asarray(picture), drawn(3))
        palette = picture.getpalette() or []
    masks = guess_format(folder / "masks").read(folder / "masks")
    assert {mask.stem for mask in masks} == {"a", "sub/c"}
    assert [entry.name for entry in masks[0].classes] == ["cat", "dog", "sky"]
    listed = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    assert [entry["file_name"] for entry in listed] == ["a.png", "sub/c.png"]
    for entry in listed:
        with Image.open(folder / entry["file_name"]) as image, Image.open(folder / entry["mask_file_name"]) as mask:
            assert image.size == mask.size
    meta = json.loads((folder / "dataset_meta.json").read_text())
    assert meta["label_map"] == {"0": "background", "1": "cat", "2": "dog", "3": "sky"}
    assert meta["segmentation_colors"][3] == palette[9:12]
    lines = (folder / "masks" / "labelmap.txt").read_text().splitlines()
    assert lines[4] == f"sky:{','.join(map(str, palette[9:12]))}::"


def test_a_new_colour_name_order_or_phrase_changes_no_mask_and_no_id(project: Project, folder: Path) -> None:
    save(project, "a.png", drawn())
    before = (folder / "masks" / "a.png").read_bytes()
    old = {entry.id: entry for entry in project.prompts}
    edited = project.prompts.renamed(1, "feline").replaced(1, color="#123456", threshold=0.4, synonyms=("tabby",))
    project.set_prompts(edited.moved(3, 0))
    save(project, "a.png", drawn())
    assert (folder / "masks" / "a.png").read_bytes() == before
    listed = json.loads((folder / "masks" / "classes.json").read_text())
    assert {entry["id"]: entry["name"] for entry in listed["classes"]} == {
        1: "feline",
        **{key: entry.name for key, entry in old.items() if key != 1},
    }
    assert [(project.prompts.get(key).color, key) for key in (2, 3)] == [(old[key].color, key) for key in (2, 3)]
    assert '"feline"' in (folder / "masks" / "classes.json").read_text()


def test_a_class_with_pixels_cannot_be_dropped_from_the_list(project: Project) -> None:
    save(project, "a.png", drawn(2))
    with pytest.raises(ProjectError, match=r"'dog' has pixels in a\.png"):
        project.set_prompts(project.prompts.removed(2))
    project.set_prompts(project.prompts.removed(3))
    assert project.prompts.ids == (1, 2)


def test_what_is_no_project_or_no_folder_is_a_sentence(tmp_path: Path, folder: Path, prompts: PromptSet) -> None:
    with pytest.raises(ProjectError, match="not a project"):
        Project.open(tmp_path)
    with pytest.raises(ProjectError, match="not a folder"):
        Project.create(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProjectError, match="no image"):
        Project.create(tmp_path / "empty")
    with Project.create(folder, prompts), pytest.raises(ProjectError, match="already"):
        Project.create(folder)


def test_five_thousand_images_open_without_reading_their_masks(
    tmp_path: Path, prompts: PromptSet, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(tmp_path / "0000.png", (4, 4))
    for number in range(1, 5000):
        shutil.copyfile(tmp_path / "0000.png", tmp_path / f"{number:04}.png")
    project = Project.create(tmp_path, prompts)
    for number in range(0, 5000, 100):
        project.write(f"{number:04}.png", np.ones((4, 4), np.uint8), np.full((4, 4), 3, np.uint8))
    state = project.paths.state("0000.png")
    for number in range(5000):
        name = f"{number:04}.png"
        if not project.paths.state(name).exists():
            text = state.read_text().replace("0000", f"{number:04}")
            project.paths.state(name).write_text(text)
    project.close()
    with Project.open(tmp_path) as project:
        assert len(project.select(ImageFilter.UNFINISHED)) == 5000

    def seconds(work: Callable[[], object]) -> float:
        start = time.process_time()  # other programs may keep the machine busy
        work()
        return time.process_time() - start

    # what opening would take if it read the record of each image, without their masks
    read = seconds(lambda: [json.loads(path.read_bytes()) for path in tmp_path.glob(".cliptrase/**/*.json")])
    monkeypatch.setattr(plane_files, "read_png", lambda *_: pytest.fail("a mask was read"))
    project = Project.open(tmp_path)
    filtered = seconds(lambda: project.select(ImageFilter.UNFINISHED, most_uncertain_first=True, text="1"))
    project.close()
    assert filtered < read / 4


def test_after_a_killed_program_the_image_that_was_written_last_is_returned_to(project):
    for name in ("b.png", "a.png"):
        labels = np.ones((12, 16), np.uint8)
        project.write(name, labels, labels * 3)
    assert Project.open(project.paths.folder, write=False).last_image == "a.png"

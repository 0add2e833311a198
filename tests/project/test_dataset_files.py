"""The small files that other programs read."""

import json
from pathlib import Path

import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.dataset_files import COLORS, DatasetFiles, class_files, metadata_line
from napari_cliptrase.project.image_record import ImageRecord, PlaneRecord, State
from napari_cliptrase.project.project_paths import DATUMARO, HUGGING_FACE, ProjectPaths

PLANE = PlaneRecord(0, 0, {1: 5})
DRAWN = ImageRecord("sub/a.png", "sub/a", State.DONE, planes={"": PLANE})


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return ProjectPaths(tmp_path)


def lines(paths: ProjectPaths) -> list[dict[str, str]]:
    text = (paths.folder / HUGGING_FACE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_names_and_colours_stand_at_their_number() -> None:
    prompts = PromptSet.parse("cat\ndog").added("käse", class_id=4)
    meta = json.loads(class_files(prompts)[DATUMARO])
    assert meta["label_map"] == {"0": "background", "1": "cat", "2": "dog", "3": "_dummy3", "4": "käse"}
    assert meta["segmentation_colors"] == [list(COLORS[value]) for value in range(5)]
    assert "cat:" in class_files(prompts)["masks/labelmap.txt"]
    assert [entry["name"] for entry in json.loads(class_files(prompts)["masks/classes.json"])["classes"]][-1] == "käse"


def test_a_new_colour_of_a_class_changes_no_colour_of_the_masks() -> None:
    prompts = PromptSet.parse("cat")
    painted = prompts.replaced(1, color="#123456")
    assert class_files(painted)[DATUMARO] == class_files(prompts)[DATUMARO]


def test_a_line_tells_image_mask_and_state() -> None:
    assert json.loads(metadata_line(DRAWN, "images")) == {
        "file_name": "images/sub/a.png",
        "mask_file_name": "masks/sub/a.png",
        "state": "done",
    }
    stack = ImageRecord("s.tif", "s", planes={"z1": PLANE, "z0": PLANE})
    assert [json.loads(line)["mask_file_name"] for line in metadata_line(stack, "").splitlines()] == [
        "masks/s_z0.png",
        "masks/s_z1.png",
    ]


def test_the_list_has_the_images_with_a_mask_in_the_order_of_their_names(paths: ProjectPaths) -> None:
    records = {name: ImageRecord(name, name[0], planes={"": PLANE}) for name in ("b.png", "a.png")}
    records["c.png"] = ImageRecord("c.png", "c")
    files = DatasetFiles(paths, records, records)
    files.write_list()
    assert [line["file_name"] for line in lines(paths)] == ["a.png", "b.png"]
    records["c.png"] = ImageRecord("c.png", "c", planes={"": PLANE})
    files.update(records["c.png"])
    assert [line["file_name"] for line in lines(paths)] == ["a.png", "b.png", "c.png"]
    records["a.png"] = ImageRecord("a.png", "a")
    files.update(records["a.png"])
    assert [line["file_name"] for line in lines(paths)] == ["b.png", "c.png"]


def test_what_has_not_changed_is_not_written(paths: ProjectPaths) -> None:
    files = DatasetFiles(paths, {DRAWN.name: DRAWN}, [DRAWN.name])
    files.write_list()
    files.write_classes(PromptSet.parse("cat"))
    written = [paths.folder / name for name in (HUGGING_FACE, DATUMARO, "masks/classes.json")]
    stamps = [path.stat().st_mtime_ns for path in written]
    files.update(DRAWN)
    files.write_classes(PromptSet.parse("cat"))
    assert [path.stat().st_mtime_ns for path in written] == stamps


def test_a_file_of_somebody_else_is_left_alone(paths: ProjectPaths) -> None:
    (paths.folder / HUGGING_FACE).write_text("mine\n")
    files = DatasetFiles(paths, {DRAWN.name: DRAWN}, [DRAWN.name], foreign=[HUGGING_FACE])
    files.write_list()
    assert (paths.folder / HUGGING_FACE).read_text() == "mine\n"


def test_a_list_of_thousands_is_not_written_for_each_of_them(paths: ProjectPaths) -> None:
    now = [0.0]
    names = [f"{number:04}.png" for number in range(2000)]
    records = {name: ImageRecord(name, name[:4]) for name in names}
    files = DatasetFiles(paths, records, names, clock=lambda: now[0])
    files.write_list()
    files.may_fall_behind()
    written, stamp = 0, (paths.folder / HUGGING_FACE).stat().st_ino
    for name in names:
        records[name] = ImageRecord(name, name[:4], planes={"": PLANE})
        files.update(records[name])
        now[0] += 0.1
        if stamp != (stamp := (paths.folder / HUGGING_FACE).stat().st_ino):
            written += 1
            assert lines(paths)[-1]["file_name"] == name
    assert 100 < written <= 200  # every second or so of 200
    files.keep_up()
    assert [line["file_name"] for line in lines(paths)] == names


def test_a_list_that_could_not_be_written_is_written_with_the_next_change(paths: ProjectPaths) -> None:
    records = {DRAWN.name: DRAWN, "b.png": ImageRecord("b.png", "b", planes={"": PLANE})}
    files = DatasetFiles(paths, records, records)
    (paths.folder / HUGGING_FACE).mkdir()
    with pytest.raises(OSError, match="metadata"):
        files.write_list()
    (paths.folder / HUGGING_FACE).rmdir()
    files.update(DRAWN)
    assert len(lines(paths)) == 2

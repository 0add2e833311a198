"""All records are read from one file where it is current, and from their own files where it is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from napari_cliptrase.project import record_index
from napari_cliptrase.project.image_record import ImageRecord, State
from napari_cliptrase.project.image_search import FileStamp
from napari_cliptrase.project.project_paths import ProjectPaths
from napari_cliptrase.project.record_index import load_records, unmatched

NAMES = ("a.png", "sub/b.png")


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    """A project whose index is current."""
    paths = ProjectPaths(tmp_path)
    for name in NAMES:
        save(paths, ImageRecord(name, name.removesuffix(".png")))
    index = load_records(paths)
    index.verified["a.png"] = FileStamp(1, 2)
    index.last_image = "sub/b.png"
    index.write(paths.index)
    return paths


def save(paths: ProjectPaths, record: ImageRecord) -> None:
    path = paths.state(record.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(record.to_json(), encoding="utf-8")


def test_a_current_index_is_enough(paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    before = paths.index.read_bytes()
    whole = record_index.parse_json
    monkeypatch.setattr(
        record_index, "parse_json", lambda text: whole(text) if text == before else pytest.fail("read a record")
    )
    index = load_records(paths)
    assert sorted(index.records) == list(NAMES)
    assert (index.fresh, index.last_image, index.verified) == (True, "sub/b.png", {"a.png": FileStamp(1, 2)})


def test_a_record_that_changed_since_is_read_from_its_file(paths: ProjectPaths) -> None:
    save(paths, replace(ImageRecord("a.png", "a"), state=State.DONE, flag="a longer text"))
    index = load_records(paths)
    assert index.records["a.png"].state is State.DONE
    assert not index.fresh
    assert index.last_image == "a.png"  # what was written last was worked on last
    assert index.verified == {"a.png": FileStamp(1, 2)}


def test_a_record_whose_file_is_gone_is_gone_and_a_new_one_is_found(paths: ProjectPaths) -> None:
    paths.state("a.png").unlink()
    save(paths, ImageRecord("c.png", "c"))
    assert sorted(load_records(paths).records) == ["c.png", "sub/b.png"]


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"schema": 99}', b'{"schema": 1, "images": [7]}', b"\xff"])
def test_without_a_good_index_the_records_are_read_one_by_one(paths: ProjectPaths, content: bytes | None) -> None:
    if content is None:
        paths.index.unlink()
    else:
        paths.index.write_bytes(content)
    index = load_records(paths)
    assert sorted(index.records) == list(NAMES)
    assert not index.fresh


def test_a_damaged_record_is_named_and_the_others_are_there(paths: ProjectPaths) -> None:
    paths.state("a.png").write_text("{ broken")
    index = load_records(paths)
    assert list(index.damaged) == ["a.png.json"]
    assert list(index.records) == ["sub/b.png"]


@pytest.mark.parametrize("escaped", [True, False])
def test_half_a_character_is_damage_and_no_crash_later(paths: ProjectPaths, escaped: bool) -> None:
    data = {**ImageRecord("a.png", "a").to_data(), "flag": "\ud800"}
    text = json.dumps(data, ensure_ascii=escaped)
    paths.state("a.png").write_bytes(text.encode("utf-8", "surrogatepass"))
    index = load_records(paths)
    assert list(index.damaged) == ["a.png.json"]
    index.write(paths.index)


def test_what_lies_beside_the_records_is_left_alone(paths: ProjectPaths) -> None:
    (paths.states / ".a.png.json.tmp").write_text("half")
    (paths.states / "notes.txt").write_text("mine")
    assert load_records(paths).damaged == {}


def test_records_without_an_image_are_named() -> None:
    records = {name: ImageRecord(name, name) for name in ("b", "a", "c")}
    assert unmatched(records, ["c", "d"]) == ("a", "b")

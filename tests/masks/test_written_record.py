import hashlib
import subprocess

import pytest

from napari_cliptrase.masks import written_record
from napari_cliptrase.masks.written_record import (
    WRITTEN_RECORD,
    changed_since_written,
    digest_of,
    forget_since,
    note_written,
    shorten_record,
)


def note(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    note_written(folder, {name: hashlib.sha256(content).hexdigest()})
    return path


def test_what_was_written_is_known_and_what_was_changed_since_is_reported(tmp_path):
    mask = note(tmp_path, "sub/a.png", b"mask")
    assert changed_since_written(mask) is False
    mask.write_bytes(b"edited")
    assert changed_since_written(mask) is True


def test_a_file_that_no_record_knows_is_neither(tmp_path):
    (tmp_path / "mine.png").write_bytes(b"x")
    assert changed_since_written(tmp_path / "mine.png") is None


def test_each_state_that_we_ever_wrote_is_ours(tmp_path):
    """A process may have been killed between its line and its file."""
    mask = note(tmp_path, "a.png", b"first")
    note_written(tmp_path, {"a.png": hashlib.sha256(b"second").hexdigest()})
    assert changed_since_written(mask) is False


def test_a_folder_is_known_as_a_whole(tmp_path):
    folder = tmp_path / "x.zarr"
    note(folder, "0/0.0", b"chunk")
    (folder / WRITTEN_RECORD).unlink()
    note_written(tmp_path, {"x.zarr": digest_of(folder)})
    assert changed_since_written(folder) is False
    (folder / "0/0.1").write_bytes(b"new chunk")
    assert changed_since_written(folder) is True


def test_torn_and_foreign_lines_count_for_nothing(tmp_path):
    mask = note(tmp_path, "a.png", b"mask")
    with (tmp_path / WRITTEN_RECORD).open("ab") as stream:
        stream.write(b"deadbeef  b.png\n\xff\xfe\nabc")
    assert changed_since_written(mask) is False
    assert changed_since_written(tmp_path / "b.png") is None


def test_a_torn_line_costs_no_line_after_it(tmp_path):
    (tmp_path / WRITTEN_RECORD).write_bytes(b"deadbeef  b.p")
    mask = note(tmp_path, "a.png", b"mask")
    assert changed_since_written(mask) is False


def test_the_record_is_one_that_other_programs_check(tmp_path):
    note(tmp_path, "a.png", b"mask")
    try:
        done = subprocess.run(["sha256sum", "-c", WRITTEN_RECORD], cwd=tmp_path, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("this system has no sha256sum")
    assert done.stdout == "a.png: OK\n"


def test_what_was_noted_can_be_undone(tmp_path):
    note(tmp_path, "a.png", b"mask")
    before = (tmp_path / WRITTEN_RECORD).read_bytes()
    note_written(tmp_path, {"b.png": "0" * 64})
    forget_since(tmp_path, len(before))
    assert (tmp_path / WRITTEN_RECORD).read_bytes() == before
    forget_since(tmp_path, None)
    assert not (tmp_path / WRITTEN_RECORD).exists()


def test_a_record_that_grew_long_is_shortened_and_forgets_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(written_record, "LONG", 1000)
    for number in range(100):
        for name in ("a.png", "b.png"):
            mask = note(tmp_path, name, str(number).encode())
    shorten_record(tmp_path)
    assert len((tmp_path / WRITTEN_RECORD).read_text().splitlines()) == 6
    assert changed_since_written(mask) is changed_since_written(tmp_path / "a.png") is False

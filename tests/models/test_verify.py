import hashlib
import os
from pathlib import Path

import pytest

from napari_cliptrase.models import verify
from napari_cliptrase.models.catalog import find_entry
from napari_cliptrase.models.verify import known_sha256, sha256_of, sha256_steps


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "SMALL_FILE", 10)
    monkeypatch.setattr(verify, "HASH_CHUNK", 100)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "w.bin"
    path.write_bytes(bytes(1000))
    return path


def read_again(file: Path, fresh: bool = False) -> bool:
    return bool(list(sha256_steps(file, fresh=fresh)))


def test_the_hash_is_right_and_read_once(file: Path) -> None:
    expected = hashlib.sha256(bytes(1000)).hexdigest()
    assert sha256_of(file) == expected
    assert not read_again(file)
    assert sha256_of(file) == expected
    assert read_again(file, fresh=True)


def test_a_changed_file_is_read_again(file: Path) -> None:
    sha256_of(file)
    stat = file.stat()
    file.write_bytes(b"x" * 1000)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert sha256_of(file) == hashlib.sha256(b"x" * 1000).hexdigest()


def test_two_files_of_one_name_are_kept_apart(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / file.name
    other.parent.mkdir()
    other.write_bytes(b"y" * 1000)
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    assert sha256_of(file) != sha256_of(other)
    assert sha256_of(file) == hashlib.sha256(bytes(1000)).hexdigest()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"size": 1000}', "\xff"])
def test_a_damaged_note_is_made_again(file: Path, cache: Path, text: str) -> None:
    sha256_of(file)
    (note,) = (cache / "hashes").iterdir()
    note.write_bytes(text.encode("latin-1"))
    assert read_again(file)
    assert not read_again(file)


def test_a_cache_that_cannot_be_written_only_costs_time(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "blocked").write_text("")
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "blocked"))
    assert sha256_of(file) == hashlib.sha256(bytes(1000)).hexdigest()


def test_it_counts_bytes_and_can_be_stopped_between_two_pieces(file: Path) -> None:
    steps = sha256_steps(file)
    assert [(next(steps).done, next(steps).done, next(steps).done)] == [(100, 200, 300)]
    steps.close()
    assert read_again(file)  # what was stopped is not remembered


def test_the_hash_of_a_sam_is_known_where_it_takes_no_time(file: Path) -> None:
    published = find_entry("vit_b", "sam")
    assert published is not None
    assert published.checkpoint is not None
    assert known_sha256("vit_b") == published.checkpoint.sha256
    assert known_sha256(str(file)) is None
    found = sha256_of(file)
    assert known_sha256(str(file)) == found
    assert known_sha256("nowhere.pth") is None

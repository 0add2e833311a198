import hashlib
import os
from pathlib import Path

import pytest

from napari_cliptrase.errors import Cancelled
from napari_cliptrase.models import hashes
from napari_cliptrase.models.hashes import sha256_of


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "SMALL", 10)
    monkeypatch.setattr(hashes, "CHUNK", 100)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "w.bin"
    path.write_bytes(bytes(1000))
    return path


def read_again(file: Path, fresh: bool = False) -> bool:
    counts: list[int] = []
    sha256_of(file, fresh=fresh, progress=lambda done, _: counts.append(done))
    return bool(counts)


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
def test_a_damaged_note_is_made_anew(file: Path, cache: Path, text: str) -> None:
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


def test_cancel_stops_early(file: Path) -> None:
    counts: list[int] = []
    with pytest.raises(Cancelled):
        sha256_of(file, progress=lambda done, _: counts.append(done), cancelled=lambda: counts[-1] >= 300)
    assert counts == [100, 200, 300]

import os
import subprocess
import sys
import threading

import pytest

from napari_cliptrase.atomic import WORK_FOLDER, exchange
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.staging import OutFile, OutFolder, staged
from napari_cliptrase.masks.written_record import WRITTEN_RECORD, changed_since_written


def test_files_appear_at_the_end_only(tmp_path):
    with staged(tmp_path) as staging:
        staging.add(OutFile("sub/a.txt", b"new"))
        assert not (tmp_path / "sub/a.txt").exists()
    assert (tmp_path / "sub/a.txt").read_bytes() == b"new"
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["a.txt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [WRITTEN_RECORD, "sub"]


def test_a_failure_leaves_files_and_folders_as_they_were(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")
    with pytest.raises(RuntimeError), staged(tmp_path / "out") as staging:
        staging.add(OutFile("deep/er/b.txt", b"new"))
        staging.add(OutFile("../a.txt", b"new"))
        raise RuntimeError
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_zarr_folder_is_replaced_as_a_whole(tmp_path):
    with staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"1", "0/0.0": b"old chunk"}))
    with staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"2"}))
    assert sorted(p.name for p in tmp_path.rglob("*")) == [WRITTEN_RECORD, ".zgroup", "x.zarr"]
    assert (tmp_path / "x.zarr/.zgroup").read_bytes() == b"2"


def test_a_folder_of_other_files_is_never_replaced(tmp_path):
    (tmp_path / "x.zarr").mkdir()
    (tmp_path / "x.zarr/thesis.doc").write_bytes(b"precious")
    with pytest.raises(MaskFormatError, match="not a zarr folder"), staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"2"}))
    assert (tmp_path / "x.zarr/thesis.doc").read_bytes() == b"precious"


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    with staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"old"}))
    with pytest.raises(RuntimeError), staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"new"}))
        raise RuntimeError
    assert (tmp_path / "x.zarr/.zgroup").read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == [WRITTEN_RECORD, "x.zarr"]


def test_two_files_of_one_name_are_refused(tmp_path):
    with pytest.raises(MaskFormatError, match="Two masks"), staged(tmp_path) as staging:
        staging.add(OutFile("a.png", b"1"))
        staging.add(OutFile("a.png", b"2"))
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way_of_a_file_is_named(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(MaskFormatError, match="is a folder"), staged(tmp_path) as staging:
        staging.add(OutFile("a.png", b"1"))


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left") as caught, staged(tmp_path / "out") as staging:
        staging.add(OutFile("sub/a.txt", b"1"))
    assert caught.value.filename == str(tmp_path / "out" / "sub" / "a.txt")


def below(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("step", range(1, 8))
def test_a_failure_while_files_take_their_places_puts_all_back(tmp_path, monkeypatch, step, links, exchanges):
    names = ("a.txt", "sub/b.txt", "c.txt")
    with staged(tmp_path) as staging:
        for name in names[:2]:
            staging.add(OutFile(name, b"old " + name.encode()))
        staging.add(OutFolder("x.zarr", {".zgroup": b"old", "0/0.0": b"old chunk"}))
    before = below(tmp_path)
    steps = 0
    replace = os.replace

    def failing(source, target):
        nonlocal steps
        steps += 1
        if steps == step:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    def no_links(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "replace", failing)
    if not exchanges:
        monkeypatch.setattr("napari_cliptrase.atomic.exchange", lambda *_: False)
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    try:
        with staged(tmp_path) as staging:
            for name in (*names, "new/d.txt"):
                staging.add(OutFile(name, b"new " + name.encode()))
            staging.add(OutFolder("x.zarr", {".zgroup": b"new"}))
            staging.add(OutFile("z.txt", b"new z"))
        failed = False
    except OSError:
        failed = True
    if failed:
        assert below(tmp_path) == before
        assert sorted(p.name for p in tmp_path.iterdir()) == [WRITTEN_RECORD, "a.txt", "sub", "x.zarr"]
    else:
        assert step > (5 if exchanges else 7)  # five files, and a folder in two steps
        assert below(tmp_path)["a.txt"] == b"new a.txt"
        assert below(tmp_path)["x.zarr/.zgroup"] == b"new"
        assert not [name for name in below(tmp_path) if ".old" in name]


def killed(folder, at, exchanges):
    """Write over what is in a folder in a process that dies when it moves something for the time ``at``."""
    code = f"""
import os, signal, sys
from pathlib import Path
from napari_cliptrase import atomic
from napari_cliptrase.masks.staging import OutFile, OutFolder, staged
if not {exchanges}:
    atomic.exchange = lambda *_: False
calls = 0
replace = os.replace
def dying(source, target):
    global calls
    calls += 1
    if calls == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = dying
with staged(Path(sys.argv[1])) as staging:
    staging.add(OutFile("a.txt", b"new a"))
    staging.add(OutFolder("x.zarr", {{".zgroup": b"new", "0/0.0": b"new chunk"}}))
    staging.add(OutFile("sub/c.txt", b"new c"))
"""
    return subprocess.run([sys.executable, "-c", code, str(folder)]).returncode


@pytest.mark.skipif(os.name == "nt", reason="processes are killed in another way there")
@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_after_a_kill_every_file_is_whole_and_the_next_run_tidies_up(tmp_path, at, exchanges):
    with staged(tmp_path) as staging:
        staging.add(OutFile("a.txt", b"old a"))
        staging.add(OutFolder("x.zarr", {".zgroup": b"old", "0/0.0": b"old chunk"}))
    dead = killed(tmp_path, at, exchanges) != 0
    assert dead is (at <= (2 if exchanges else 4))
    assert (tmp_path / WORK_FOLDER).exists() is dead
    with staged(tmp_path) as staging:
        staging.add(OutFile("b.txt", b"another"))
    assert not (tmp_path / WORK_FOLDER).exists()
    assert (tmp_path / "a.txt").read_bytes() in (b"old a", b"new a")
    zarr = {p.relative_to(tmp_path / "x.zarr").as_posix(): p.read_bytes() for p in (tmp_path / "x.zarr").rglob("*.*")}
    assert zarr in (
        {".zgroup": b"old", "0/0.0": b"old chunk"},
        {".zgroup": b"new", "0/0.0": b"new chunk"},
    )
    for name in ("a.txt", "x.zarr"):  # whatever is there, the record knows it
        assert changed_since_written(tmp_path / name) is False


def test_a_folder_is_there_at_every_moment_in_which_it_is_replaced(tmp_path):
    with staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"0"}))
    if not exchange_works(tmp_path):
        pytest.skip("this disk cannot exchange two names")
    missing, done = [], threading.Event()

    def look():
        while not done.is_set():
            if not os.path.isdir(tmp_path / "x.zarr"):
                missing.append(True)

    watcher = threading.Thread(target=look)
    watcher.start()
    for number in range(100):
        with staged(tmp_path) as staging:
            staging.add(OutFolder("x.zarr", {".zgroup": str(number).encode()}))
    done.set()
    watcher.join()
    assert not missing


def exchange_works(folder):
    for name in ("one", "two"):
        (folder / name).mkdir()
    works = exchange(folder / "one", folder / "two")
    for name in ("one", "two"):
        (folder / name).rmdir()
    return works


def test_every_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (flushed.append(handle), fsync(handle)))
    with staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"1", "0/0.0": b"chunk", "0/0.1": b"chunk"}))
        staging.add(OutFile("a.txt", b"1"))
        assert len(flushed) == 4

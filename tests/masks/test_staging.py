import os

import pytest

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.staging import OutFile, OutFolder, staged


def test_files_appear_at_the_end_only(tmp_path):
    with staged(tmp_path) as staging:
        staging.add(OutFile("sub/a.txt", b"new"))
        assert not (tmp_path / "sub/a.txt").exists()
    assert (tmp_path / "sub/a.txt").read_bytes() == b"new"
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["a.txt"]


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
    assert sorted(p.name for p in tmp_path.rglob("*")) == [".zgroup", "x.zarr"]
    assert (tmp_path / "x.zarr/.zgroup").read_bytes() == b"2"


def test_a_folder_of_other_files_is_never_replaced(tmp_path):
    (tmp_path / "x.zarr").mkdir()
    (tmp_path / "x.zarr/thesis.doc").write_bytes(b"precious")
    with pytest.raises(MaskFormatError, match="no zarr folder"), staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"2"}))
    assert (tmp_path / "x.zarr/thesis.doc").read_bytes() == b"precious"


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    with staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"old"}))
    with pytest.raises(RuntimeError), staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"new"}))
        raise RuntimeError
    assert (tmp_path / "x.zarr/.zgroup").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.zarr"]


def test_two_files_of_one_name_are_refused(tmp_path):
    with pytest.raises(MaskFormatError, match="Two masks"), staged(tmp_path) as staging:
        staging.add(OutFile("a.png", b"1"))
        staging.add(OutFile("a.png", b"2"))
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way_of_a_file_is_named(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(MaskFormatError, match="is a folder"), staged(tmp_path) as staging:
        staging.add(OutFile("a.png", b"1"))


def below(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("step", range(1, 8))
def test_a_failure_while_files_take_their_places_puts_all_back(tmp_path, monkeypatch, step, links):
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
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    try:
        with staged(tmp_path) as staging:
            for name in (*names, "new/d.txt"):
                staging.add(OutFile(name, b"new " + name.encode()))
            staging.add(OutFolder("x.zarr", {".zgroup": b"new"}))
        failed = False
    except OSError:
        failed = True
    if failed:
        assert below(tmp_path) == before
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "sub", "x.zarr"]
    else:
        assert step == 7  # four files, and a folder in two steps
        assert below(tmp_path)["a.txt"] == b"new a.txt"
        assert not [name for name in below(tmp_path) if ".old" in name]


def test_every_file_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (flushed.append(handle), fsync(handle)))
    with staged(tmp_path) as staging:
        staging.add(OutFolder("x.zarr", {".zgroup": b"1", "0/0.0": b"chunk", "0/0.1": b"chunk"}))
        staging.add(OutFile("a.txt", b"1"))
        assert len(flushed) == 4

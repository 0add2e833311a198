"""Copies of the files of an image, and how they come back."""

from pathlib import Path

import pytest

from napari_cliptrase.project.image_copies import ImageCopies, ImageCopy, set_aside
from napari_cliptrase.project.image_record import ImageIdentity, ImageRecord
from napari_cliptrase.project.project_paths import ProjectPaths

RECORD = ImageRecord("sub/a.tif", "sub/a", identity=ImageIdentity("ab" * 32, 9, 2, 2, "Z", (3,)))


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    return ProjectPaths(tmp_path)


@pytest.fixture
def copies(paths: ProjectPaths) -> ImageCopies:
    return ImageCopies(paths, paths.backup)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_files_come_back_as_they_were_and_what_was_not_there_goes(paths: ProjectPaths, copies: ImageCopies) -> None:
    mask, provenance, other = paths.mask("sub/a_z0"), paths.provenance("sub/a_z0"), paths.mask("sub/a_z1")
    put(mask, "mask before")
    put(provenance, "provenance before")
    copies.save(RECORD, ["z1", "z0"])
    assert copies.find(RECORD.name) == ImageCopy(RECORD, ("z0", "z1"))
    put(mask, "mask after")
    provenance.unlink()
    put(other, "a plane that had no mask")
    copies.restore(ImageCopy(RECORD, ("z0", "z1")))
    assert (mask.read_text(), provenance.read_text()) == ("mask before", "provenance before")
    assert not other.exists()


def test_a_newer_copy_takes_the_place_of_an_older_one(paths: ProjectPaths, copies: ImageCopies) -> None:
    put(paths.mask("sub/a_z0"), "first")
    copies.save(RECORD, ["z0"])
    paths.mask("sub/a_z0").unlink()
    copies.save(RECORD, ["z0"])
    put(paths.mask("sub/a_z0"), "drawn since")
    found = copies.find(RECORD.name)
    assert found is not None
    copies.restore(found)
    assert not paths.mask("sub/a_z0").exists()


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"keys": ["z0"]}', b"\xff"])
def test_no_copy_and_a_damaged_one_are_none(copies: ImageCopies, content: bytes | None) -> None:
    if content is not None:
        copies.save(RECORD, [])
        (copies.folder / "state" / "sub" / "a.tif.json").write_bytes(content)
    assert copies.find(RECORD.name) is None


def test_a_copy_that_was_cut_off_does_not_count(
    paths: ProjectPaths, copies: ImageCopies, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cliptrase.project import image_copies

    put(paths.mask("sub/a_z0"), "mask")
    copies.save(RECORD, ["z0"])

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(image_copies, "write_bytes", full)
    with pytest.raises(OSError, match="disk full"):
        copies.save(RECORD, ["z0"])
    assert copies.find(RECORD.name) is None


def test_files_that_are_set_aside_replace_none(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        put(tmp_path / "a.png", text)
        set_aside(tmp_path / "a.png", tmp_path / "aside", "sub/a.png")
    set_aside(tmp_path / "a.png", tmp_path / "aside", "sub/a.png")  # nothing there
    found = {path.name: path.read_text() for path in (tmp_path / "aside" / "sub").iterdir()}
    assert found == {"a.png": "one", "a-2.png": "two", "a-3.png": "three"}

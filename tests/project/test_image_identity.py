"""An image is the one that its mask was drawn on, or it is said that it is not."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.project import image_identity
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy
from napari_cliptrase.project.image_identity import IdentityCheck, file_sha256, identify
from napari_cliptrase.project.image_record import ImageIdentity, ImageRecord
from napari_cliptrase.project.image_search import FileStamp

Paint = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path, paint: Paint) -> Path:
    paint(tmp_path / "a.png")
    return tmp_path / "a.png"


def record(identity: ImageIdentity | None) -> ImageRecord:
    return ImageRecord("a.png", "a", identity=identity)


def touch(path: Path) -> None:
    """Another time, the same bytes."""
    os.utime(path, ns=(1, 1))


def test_the_hash_is_that_of_the_bytes(path: Path) -> None:
    assert file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_image_is_known_by_bytes_size_and_planes(path: Path, tmp_path: Path) -> None:
    found = identify(path)
    assert (found.shape, found.axes, found.planes, found.size) == ((12, 16), "", (), path.stat().st_size)
    tifffile.imwrite(tmp_path / "s.tif", np.zeros((2, 5, 12, 16), np.uint8), metadata={"axes": "TZYX"})
    stack = identify(tmp_path / "s.tif")
    assert (stack.shape, stack.axes, stack.planes) == ((12, 16), "TZ", (2, 5))
    assert identify(path, read_image(path)) == found


def test_what_another_process_found_is_believed_for_the_same_bytes_and_nothing_is_decoded(
    path: Path, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = identify(path)
    monkeypatch.setattr(image_identity, "read_image", lambda _path: pytest.fail("the image was decoded"))
    check = IdentityCheck({})
    assert check.believe("a.png", path, found)
    assert check.of(record(None), path) == found
    paint(path, seed=5)
    assert not IdentityCheck({}).believe("a.png", path, found)


def test_a_changed_image_is_blocked_with_both_remedies(path: Path, paint: Paint) -> None:
    known = identify(path)
    paint(path, seed=5)
    with pytest.raises(ImageBlocked, match="has changed since its mask was drawn") as caught:
        IdentityCheck({}).of(record(known), path)
    assert caught.value.remedies == (Remedy.KEEP_MASK, Remedy.START_OVER)


def test_the_same_bytes_at_another_time_are_the_same_image(path: Path) -> None:
    known, verified = identify(path), {"a.png": FileStamp.of(path)}
    touch(path)
    assert IdentityCheck(verified).of(record(known), path) == known
    assert verified["a.png"] == FileStamp.of(path)


def test_an_image_whose_stamp_is_known_is_not_read_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, check = identify(path), IdentityCheck({"a.png": FileStamp.of(path)})
    monkeypatch.setattr(image_identity, "file_sha256", lambda _path: pytest.fail("read again"))
    assert check.of(record(known), path) == known


def test_a_new_image_is_read_once_and_then_known(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: dict[str, FileStamp] = {}
    check = IdentityCheck(verified)
    check.learn("a.png", path, read_image(path))
    monkeypatch.setattr(image_identity, "read_image", lambda _path: pytest.fail("read again"))
    found = check.of(record(None), path)
    assert found.shape == (12, 16)
    assert verified == {}
    check.accept("a.png")
    assert verified == {"a.png": FileStamp.of(path)}


def test_a_missing_or_broken_image_is_blocked_in_words(path: Path) -> None:
    known = identify(path)
    path.write_bytes(b"no image")
    with pytest.raises(ImageBlocked, match="cannot be read"):
        IdentityCheck({}).of(record(None), path)
    path.unlink()
    with pytest.raises(ImageBlocked, match="is missing"):
        IdentityCheck({}).of(record(known), path)


def test_an_image_is_bound_as_it_is_now(path: Path, paint: Paint) -> None:
    known, verified = identify(path), dict[str, FileStamp]()
    paint(path, seed=5)
    check = IdentityCheck(verified)
    now = check.bind("a.png", path)
    assert now != known
    assert check.of(record(now), path) == now

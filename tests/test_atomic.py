import os
import stat

import pytest

from napari_cliptrase import atomic


def test_new_file_has_the_bytes_and_readable_permissions(tmp_path):
    target = tmp_path / "deep" / "mask.png"
    atomic.write_bytes(target, b"abc")
    assert target.read_bytes() == b"abc"
    assert target.stat().st_mode & stat.S_IRUSR
    beside = tmp_path / "plain"
    beside.write_bytes(b"")
    assert target.stat().st_mode == beside.stat().st_mode


def test_failure_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "classes.json"
    target.write_text("old")
    with pytest.raises(OSError, match="disk full"), atomic.replacing(target) as temporary:
        temporary.write_text("half of the n")
        raise OSError("disk full")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["classes.json"]


def test_failure_of_a_new_file_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match="no"), atomic.replacing_file(tmp_path / "a.bin") as stream:
        stream.write(b"half")
        raise ValueError("no")
    assert os.listdir(tmp_path) == []


def test_replaced_file_keeps_its_permissions(tmp_path):
    target = tmp_path / "secret"
    target.write_text("old")
    target.chmod(0o600)
    atomic.write_text(target, "new")
    assert target.stat().st_mode & 0o777 == 0o600


def test_temporary_file_keeps_the_whole_suffix(tmp_path):
    with atomic.replacing(tmp_path / "image.ome.tif") as temporary:
        assert temporary.name.endswith(".ome.tif")
        assert temporary.parent == tmp_path


def test_text_is_utf8_with_unix_line_ends(tmp_path):
    atomic.write_text(tmp_path / "names.txt", "Straße\n木\n")
    assert (tmp_path / "names.txt").read_bytes() == "Straße\n木\n".encode()

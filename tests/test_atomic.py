import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

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
    with pytest.raises(ValueError, match="no"), atomic.replacing(tmp_path / "a.bin") as temporary:
        temporary.write_bytes(b"half")
        raise ValueError("no")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(OSError, match="No space left") as caught, atomic.replacing(tmp_path / "a.bin"):
        raise OSError(28, "No space left on device")
    assert caught.value.filename == str(tmp_path / "a.bin")


def test_replaced_file_keeps_its_permissions(tmp_path):
    target = tmp_path / "secret"
    target.write_text("old")
    target.chmod(0o600)
    atomic.write_text(target, "new")
    assert target.stat().st_mode & 0o777 == 0o600


def test_temporary_file_keeps_the_whole_suffix(tmp_path):
    with atomic.replacing(tmp_path / "image.ome.tif") as temporary:
        assert temporary.name.endswith(".ome.tif")
        assert temporary.stat().st_dev == tmp_path.stat().st_dev
        assert not list(tmp_path.glob("[!.]*"))


def test_names_of_every_length_that_the_disk_takes_are_written(tmp_path):
    for name in ("🐶" * 60 + ".png", "a." * 120 + "tif", "x" * 255):
        atomic.write_bytes(tmp_path / name, b"1")
        assert (tmp_path / name).read_bytes() == b"1"


def leave_behind(folder, text="old"):
    """A process that is killed while it writes; returns its work folder."""
    code = (
        "import os, signal, sys; from napari_cliptrase import atomic\n"
        f"with atomic.replacing(sys.argv[1]) as path: path.write_text({text!r}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder / "a.txt")], check=False)
    (left,) = (folder / atomic.WORK_FOLDER).iterdir()
    return left


@pytest.mark.skipif(os.name == "nt", reason="processes are killed in another way there")
def test_leftovers_of_a_killed_process_go_with_the_next_write(tmp_path):
    leave_behind(tmp_path)
    atomic.write_text(tmp_path / "b.txt", "new")
    assert os.listdir(tmp_path) == ["b.txt"]


def test_what_another_process_is_writing_stays(tmp_path):
    with atomic.work_folder(tmp_path) as own:
        (own / "half").write_text("h")
        code = "import sys; from napari_cliptrase import atomic; atomic.write_text(sys.argv[1], 'new')"
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "b.txt")], check=True)
        assert (own / "half").read_text() == "h"
    assert os.listdir(tmp_path) == ["b.txt"]


@pytest.mark.skipif(os.name == "nt", reason="processes are killed in another way there")
def test_leftovers_go_from_all_folders_below(tmp_path):
    for folder in (tmp_path, tmp_path / "overlays", tmp_path / "deep/er"):
        folder.mkdir(parents=True, exist_ok=True)
        leave_behind(folder)
    atomic.clear_leftovers_below(tmp_path)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == ["deep", "deep/er", "overlays"]


@pytest.mark.skipif(os.name == "nt", reason="processes are killed in another way there")
def test_what_another_computer_left_goes_when_it_is_old(tmp_path):
    left = leave_behind(tmp_path)
    other = left.rename(left.with_name("00000000-1-1-0"))
    atomic.clear_leftovers(tmp_path)
    assert other.exists()
    os.utime(other, (0, 0))
    atomic.clear_leftovers(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="processes are killed in another way there")
def test_a_number_of_a_process_that_came_again_is_no_sign_of_life(tmp_path):
    left = leave_behind(tmp_path)
    host, _, _, token = left.name.split("-")
    left.rename(left.with_name(f"{host}-{os.getpid()}-0-{token}"))
    if sys.platform.startswith("linux"):
        atomic.clear_leftovers(tmp_path)
        assert os.listdir(tmp_path) == []


def test_many_threads_write_into_one_folder(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: atomic.write_text(tmp_path / f"{n}.txt", str(n)), range(200)))
    assert sorted(os.listdir(tmp_path)) == sorted(f"{n}.txt" for n in range(200))


def test_text_is_utf8_with_unix_line_ends(tmp_path):
    atomic.write_text(tmp_path / "names.txt", "Straße\n木\n")
    assert (tmp_path / "names.txt").read_bytes() == "Straße\n木\n".encode()

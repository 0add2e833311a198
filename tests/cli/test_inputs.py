import pytest

from napari_cliptrase.batch.input_file import Failure
from napari_cliptrase.cli.inputs import find_inputs


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "photos/a.jpg",
        "photos/a.png",
        "photos/b.PNG",
        "photos/sub/a.jpg",
        "photos/notes.txt",
        "photos/.c.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def stems(arguments, out):
    inputs, failures = find_inputs(arguments, out)
    assert not failures
    return {entry.path.as_posix(): entry.stem for entry in inputs}


def test_a_folder_gives_its_images_under_their_own_folders(photos):
    assert stems(["photos"], photos / "out") == {
        "photos/a.jpg": "a_jpg",
        "photos/a.png": "a_png",
        "photos/b.PNG": "b",
        "photos/sub/a.jpg": "sub/a",
    }


def test_patterns_are_expanded_for_shells_that_do_not(photos):
    assert set(stems(["photos/*.jpg"], photos / "out")) == {"photos/a.jpg"}
    assert set(stems(["photos/**/*.jpg"], photos / "out")) == {"photos/a.jpg", "photos/sub/a.jpg"}


def test_files_of_one_name_never_share_an_output(photos):
    found = stems(["photos/a.jpg", "photos/sub/a.jpg", "photos/a.png"], photos / "out")
    assert found == {"photos/a.jpg": "photos_a_jpg", "photos/sub/a.jpg": "sub_a_jpg", "photos/a.png": "a_png"}


def test_names_that_differ_in_case_only_count_as_the_same(photos):
    (photos / "photos" / "B.jpg").write_bytes(b"")
    found = stems(["photos/b.PNG", "photos/B.jpg"], photos / "out")
    assert len({stem.casefold() for stem in found.values()}) == 2


def test_even_the_same_folder_name_twice_gives_two_outputs(photos):
    for side in ("left", "right"):
        (photos / side / "same").mkdir(parents=True)
        (photos / side / "same" / "a.jpg").write_bytes(b"")
    found = stems(["left/same/a.jpg", "right/same/a.jpg"], photos / "out")
    assert sorted(found.values()) == ["same_a_jpg", "same_a_jpg_2"]


def test_a_file_named_twice_is_done_once(photos):
    assert len(stems(["photos/a.jpg", "photos/a.jpg", "photos/*.jpg"], photos / "out")) == 1


def test_earlier_results_are_no_inputs(photos):
    (photos / "photos" / "out" / "overlays").mkdir(parents=True)
    (photos / "photos" / "out" / "overlays" / "a.jpg").write_bytes(b"")
    assert not any("out" in path for path in stems(["photos"], photos / "photos" / "out"))


def test_what_is_not_there_is_a_failure_of_its_own(photos):
    (photos / "empty").mkdir()
    inputs, failures = find_inputs(["empty", "*.tif", "missing.png", "photos/a.jpg"], photos / "out")
    assert failures == [
        Failure("empty", "the folder holds no image."),
        Failure("*.tif", "no file has this name."),
        Failure("missing.png", "does not exist; check the name."),
    ]
    assert [entry.path.name for entry in inputs] == ["a.jpg"]

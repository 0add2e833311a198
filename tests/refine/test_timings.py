from pathlib import Path

import pytest

from napari_cliptrase.refine.timings import Timings


def test_nothing_is_known_before_the_first_run(tmp_path: Path) -> None:
    assert Timings(tmp_path / "t.json").of("sam on cpu") is None


def test_measurements_stay_for_the_next_session_and_newer_ones_count_more(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    Timings(path).remember("sam", 8.0)
    assert Timings(path).of("sam") == 8.0
    Timings(path).remember("sam", 2.0)
    remembered = Timings(path).of("sam")
    assert remembered is not None
    assert 2.0 < remembered < 8.0
    assert Timings(path).of("other") is None


@pytest.mark.parametrize("text", ["", "[1]", "{not json", '{"sam": "long"}'])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    assert Timings(path).of("sam") is None
    Timings(path).remember("sam", 1.0)
    assert Timings(path).of("sam") == 1.0


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Timings(tmp_path / "file" / "t.json").remember("sam", 1.0)

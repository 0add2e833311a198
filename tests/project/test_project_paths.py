"""Where files lie, whatever the images are called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.field_values import FieldError
from napari_cliptrase.project.project_paths import ProjectPaths, checked_inside, fitting, plane_stem, state_name


def test_images_and_masks_mirror_each_other_in_both_layouts() -> None:
    beside, below = ProjectPaths(Path("p")), ProjectPaths(Path("p"), "images")
    assert beside.image("sub/a.jpg") == Path("p/sub/a.jpg")
    assert below.image("sub/a.jpg") == Path("p/images/sub/a.jpg")
    assert beside.mask("sub/a") == below.mask("sub/a") == Path("p/masks/sub/a.png")
    assert beside.state("sub/a.jpg") == Path("p/.cliptrase/state/sub/a.jpg.json")


def test_everything_that_is_not_the_data_set_lies_in_one_folder() -> None:
    paths = ProjectPaths(Path("p"))
    for path in (
        *(paths.project_file, paths.lock, paths.index, paths.states, paths.backup, paths.set_aside),
        *(paths.class_change, paths.provenance("a"), paths.state("a.png")),
    ):
        assert path.is_relative_to(paths.inner)


@given(st.text(min_size=1, max_size=400).filter(lambda text: "/" not in text and "\0" not in text))
def test_every_name_fits_a_file_system_with_room_for_suffixes(name: str) -> None:
    found = fitting(name)
    assert len(found.encode("utf-8", "surrogateescape" if name == found else "strict")) <= 240
    assert fitting(name) == found


def test_long_names_that_begin_the_same_stay_apart_and_short_ones_as_they_are() -> None:
    assert fitting("a.png") == "a.png"
    assert fitting("ä" * 300 + "1") != fitting("ä" * 300 + "2")
    assert state_name(f"sub/{'x' * 300}.png").startswith("sub/xxx")


def test_a_plane_is_part_of_the_name_of_its_files() -> None:
    assert plane_stem("sub/a", "z07") == "sub/a_z07"
    assert plane_stem("sub/a", "") == "sub/a"


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../a", "a/../../b", "C:/a", "a\0b", 7])
def test_a_path_that_leaves_the_project_is_refused(path: object) -> None:
    with pytest.raises(FieldError, match="name"):
        checked_inside("name", path)


def test_a_path_within_the_project_is_taken() -> None:
    assert checked_inside("name", "sub/a..b.png") == "sub/a..b.png"

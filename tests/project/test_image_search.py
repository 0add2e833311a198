"""Which images belong to a project, and what their masks are called."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.image_search import find_images, images_below, mask_stems


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_folders_below_are_searched_and_what_is_no_image_is_counted(tmp_path: Path) -> None:
    touch(tmp_path, "b.png", "a.JPG", "sub/deep/c.tif", "notes.txt", "sub/x.json", ".hidden.png", ".git/d.png")
    touch(tmp_path, "masks/a.png", "sub/masks/e.png")
    found = find_images(tmp_path)
    assert list(found.images) == ["a.JPG", "b.png", "sub/deep/c.tif", "sub/masks/e.png"]
    assert found.others == 2
    assert list(find_images(tmp_path, recursive=False).images) == ["a.JPG", "b.png"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows that a test does not have")
def test_links_are_followed_but_never_in_a_circle(tmp_path: Path) -> None:
    touch(tmp_path, "photos/a.png", "photos/sub/b.png", "elsewhere/far/c.png", "report.html", "photos/report.html")
    photos = tmp_path / "photos"
    (photos / "linked").symlink_to("../elsewhere")
    (photos / "again.png").symlink_to("a.png")
    (photos / "gone.png").symlink_to("nowhere.png")
    (photos / "loop").symlink_to("..")
    (photos / "sub" / "self").symlink_to(".")
    (tmp_path / "elsewhere" / "far" / "back").symlink_to("../../photos/sub")
    (tmp_path / "elsewhere" / "far" / "home").symlink_to("../../photos")
    found = find_images(photos)
    assert list(found.images) == ["a.png", "again.png", "linked/far/back/b.png", "linked/far/c.png", "sub/b.png"]
    assert found.others == 1  # the link that leads nowhere


def test_patterns_fit_names_and_paths_in_either_case(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "B.PNG", "c.jpg", "left/d.jpg")
    assert list(find_images(tmp_path, patterns=("*.png",)).images) == ["B.PNG", "a.png"]
    found = find_images(tmp_path, patterns=("left/*", "C.*"))
    assert list(found.images) == ["c.jpg", "left/d.jpg"]
    assert found.left_out == 2


def test_a_project_within_a_folder_is_its_own(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "other/.cliptrase/project.json", "other/b.png")
    assert list(find_images(tmp_path).images) == ["a.png"]


def test_images_in_a_folder_of_that_name(tmp_path: Path) -> None:
    touch(tmp_path, "images/a.png")
    assert images_below(tmp_path) == "images"
    touch(tmp_path, "b.png")
    assert images_below(tmp_path) == ""
    with pytest.raises(ProjectError, match="cannot be read"):
        images_below(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        (["a.png", "sub/a.png"], ["a", "sub/a"]),
        (["a.jpg", "a.png"], ["a_jpg", "a_png"]),
        (["A.png", "a.jpg"], ["A_png", "a_jpg"]),
        (["Sub/a.png", "sub/a.png"], ["Sub/a_png", "sub/a_png_2"]),
        (["a.png", "a.jpg", "a_png.png"], ["a_png", "a_jpg", "a_png_png"]),
        (["a.b.png"], ["a.b"]),
    ],
)
def test_names_that_clash_get_masks_of_their_own(names: list[str], stems: list[str]) -> None:
    assert mask_stems(names, {}) == dict(zip(names, stems, strict=True))


def test_a_mask_keeps_its_name_when_images_come(tmp_path: Path) -> None:
    assert mask_stems(["a.jpg", "a.png"], {"a.png": "a"}) == {"a.png": "a", "a.jpg": "a_jpg"}


def test_a_long_name_leaves_room_for_suffixes() -> None:
    names = ["é" * 120 + "1.png", "é" * 120 + "2.png"]
    stems = list(mask_stems(names, {}).values())
    assert len(set(stems)) == 2
    assert all(len(stem.encode()) <= 240 for stem in stems)


STEMS = st.from_regex(r"[aAb_][aAb._]{0,3}", fullmatch=True)  # a name that starts with a dot is hidden
NAMES = st.lists(
    st.tuples(st.sampled_from(["", "s/", "S/"]), STEMS, st.sampled_from(["png", "jpg"])), unique=True, max_size=12
)


@given(NAMES, st.data())
def test_no_two_images_ever_share_a_mask(parts: list[tuple[str, str, str]], data: st.DataObject) -> None:
    names = [f"{folder}{stem}.{suffix}" for folder, stem, suffix in parts]
    first = data.draw(st.sets(st.sampled_from(names))) if names else set()
    known = mask_stems(sorted(first), {})
    stems = mask_stems(names, known)
    assert len({stem.casefold() for stem in stems.values()}) == len(names)
    assert {name: stems[name] for name in first} == known

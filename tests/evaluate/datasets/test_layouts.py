"""Where a data set may lie, and what is said where it does not."""

from pathlib import Path

import pytest

from napari_cliptrase.evaluate.datasets.layouts import DataLayout, PlacedLayout, found_layout
from napari_cliptrase.evaluate.labelled_images import DataError

OLD = DataLayout("old", ("Data", "2012"), "images", "masks", mask_ending="_mask.png")
NEW = DataLayout("new", ("new",), "images", "masks", split="val.txt")


def put(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("above", [("Data", "2012"), ("2012",), ()])
def test_the_root_may_be_any_of_the_folders_around_it(tmp_path: Path, above: tuple[str, ...]) -> None:
    home = tmp_path.joinpath(*above)
    put(home / "images" / "a.jpg")
    put(home / "masks" / "a_mask.png")
    assert found_layout("Data", (OLD,), tmp_path, "") == PlacedLayout(OLD, home)


def test_the_first_layout_that_is_there_counts(tmp_path: Path) -> None:
    for home, mask in ((tmp_path / "new", "a.png"), (tmp_path / "Data" / "2012", "a_mask.png")):
        put(home / "images" / "a.jpg")
        put(home / "masks" / mask)
    assert found_layout("Data", (OLD, NEW), tmp_path, "").layout is OLD
    assert found_layout("Data", (NEW, OLD), tmp_path, "").layout is NEW


def test_names_are_those_of_the_masks_also_in_folders(tmp_path: Path) -> None:
    for name in ("b", "city/a"):
        put(tmp_path / "masks" / f"{name}_mask.png")
    put(tmp_path / "masks" / ".hidden_mask.png")
    put(tmp_path / "masks" / "other.txt")
    placed = PlacedLayout(OLD, tmp_path)
    assert placed.names() == ["b", "city/a"]
    assert placed.mask("city/a") == tmp_path / "masks" / "city" / "a_mask.png"


def test_a_split_file_says_which_are_scored(tmp_path: Path) -> None:
    put(tmp_path / "masks" / "unlisted.png")
    put(tmp_path / "val.txt", "b\na extra words\n\nb\n")
    placed = PlacedLayout(NEW, tmp_path)
    assert placed.names() == ["a", "b"]
    assert placed.images_without_mask(placed.names()) == []
    (tmp_path / "val.txt").unlink()
    with pytest.raises(DataError, match=r"val\.txt lists which images are scored and cannot be read"):
        placed.names()


def test_an_image_is_found_by_any_ending_or_its_absence_is_reported(tmp_path: Path) -> None:
    placed = PlacedLayout(OLD, tmp_path)
    put(tmp_path / "images" / "a.jpeg")
    assert placed.image("a") == tmp_path / "images" / "a.jpeg"
    with pytest.raises(DataError, match=r"b\.jpg does not exist, though there is a mask"):
        placed.image("b")


def test_images_without_a_mask_are_named(tmp_path: Path) -> None:
    for name in ("a.jpg", "city/b.png", "a_mask.png"):
        put(tmp_path / "images" / name)
    assert PlacedLayout(OLD, tmp_path).images_without_mask(["a"]) == ["city/b"]


def test_missing_data_says_what_was_looked_for_and_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        found_layout("Data", (OLD, NEW), tmp_path, "Download data.tar.")
    text = str(caught.value)
    assert f"Data is not in {tmp_path}" in text
    assert "Data/2012/images with Data/2012/masks (old); new/images with new/masks (new)" in text
    assert text.endswith("Download data.tar.")
    with pytest.raises(DataError, match="is not a folder"):
        found_layout("Data", (OLD,), tmp_path / "none", "")


def test_half_of_a_data_set_is_reported(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match=r"There is .*images, but no mask \*_mask\.png in"):
        found_layout("Data", (OLD,), tmp_path, "")
    (tmp_path / "images").rmdir()
    put(tmp_path / "masks" / "a_mask.png")
    with pytest.raises(DataError, match=r"There is .*masks, but no .*images"):
        found_layout("Data", (OLD,), tmp_path, "")

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.naming import bare, by_name, file_part, stem_of


@given(st.text())
def test_a_part_of_a_file_name_is_one_on_every_system(name):
    part = file_part(name)
    assert part
    assert not set(part) & set('<>:"/\\|?*\0')
    assert part.strip(" .") == part
    assert len(part.encode()) <= 80


@pytest.mark.parametrize(
    ("file_name", "stem"),
    [
        ("a.png", "a"),
        ("sub/a.b.jpg", "sub/a.b"),
        ("sub\\a.jpg", "sub/a"),
        ("/data/x/a.png", "a"),
        ("../x/a.png", "a"),
        ("C:\\x\\a.png", "a"),
        ("https://host/x/a.png?size=3", "a"),
        ("", "mask"),
    ],
)
def test_stems_come_from_any_file_name_and_stay_in_the_folder(file_name, stem):
    assert stem_of(file_name) == stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.png", "a"), ("a.b.png", "a.b"), ("a.ome.tif", "a"), ("a.nii.gz", "a"), ("a.seg.nrrd", "a"), (".png", "mask")],
)
def test_suffixes_are_taken_off(name, stem):
    assert bare(name) == stem


def test_parts_of_file_names_are_counted_in_bytes():
    assert len(file_part("🐶" * 300).encode()) <= 80


def test_two_classes_of_one_name_are_refused_with_both_ids():
    with pytest.raises(MaskFormatError, match=r"Classes 1 and 3 are both called 'cat'"):
        by_name(ClassTable.from_names("cat", "dog", "cat"), "labelme")

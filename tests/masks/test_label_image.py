import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage, count_values, dtype_for, narrow


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int32, np.uint64]), hnp.array_shapes(max_side=6), elements=st.integers(0, 200)
    )
)
def test_values_are_counted(labels):
    assert count_values(labels) == {int(v): int((labels == v).sum()) for v in np.unique(labels)}


def test_huge_ids_are_counted_without_a_table_of_their_size():
    labels = np.array([[0, 2**40, 2**40, 5]], np.uint64)
    assert count_values(labels) == {0: 1, 5: 1, 2**40: 2}


def test_ids_without_a_class_get_one_so_that_none_is_dropped_later():
    mask = LabelImage(np.array([[0, 3, 255]], np.uint8), ClassTable.from_names("cat"))
    assert [(entry.id, entry.name) for entry in mask.classes] == [(1, "cat"), (3, "class 3"), (255, "class 255")]


def test_void_is_no_class():
    mask = LabelImage(np.array([[0, 1, 255]], np.uint8), ClassTable(void=255))
    assert mask.classes.ids == (1,)
    assert (mask.class_pixels, mask.void_pixels) == (1, 1)


@pytest.mark.parametrize(
    ("labels", "fields", "says"),
    [
        (np.zeros((2, 2), np.float32), {}, "whole numbers"),
        (np.array([[-1, 0]]), {}, "negative"),
        (np.zeros(3, np.uint8), {}, "row and column"),
        (np.zeros((2, 2), np.uint8), {"axes": "ZYX"}, "'ZYX'"),
        (np.zeros((2, 2), np.uint8), {"axes": "XY"}, "YX"),
        (np.zeros((2, 2), np.uint8), {"stem": "../evil"}, "'../evil'"),
        (np.zeros((0, 2, 2), np.uint8), {}, "row and column"),
        (np.array([[2**63]], np.uint64), {}, "9,223,372,036,854,775,807"),
        (np.zeros((2, 2, 2), np.uint8), {"axes": "zYX"}, "'zYX'"),
        (np.zeros((2, 2), np.uint8), {"scale": (1.0,)}, "scale"),
        (np.zeros((2, 2), np.uint8), {"scale": (1.0, float("nan"))}, "nan as size of a pixel"),
        (np.zeros((2, 2), np.uint8), {"scale": (0.0, 1.0)}, "other than 0"),
        (np.zeros((2, 2), np.uint8), {"scale": ("1", 1.0)}, "size of a pixel"),
        (np.zeros((2, 2), np.uint8), {"origin": (float("inf"), 0.0)}, "position of its first pixel"),
        (np.zeros((2, 2), np.uint8), {"origin": (0.0, 1e300)}, "position of its first pixel"),
        (np.zeros((2, 2), np.uint8), {"instances": np.zeros((2, 2), np.float32)}, "object numbers are whole numbers"),
        (np.zeros((2, 2), np.uint8), {"instances": np.full((2, 2), -1)}, "negative object numbers"),
        (np.zeros((2, 2), np.uint8), {"instances": np.zeros((3, 2), np.uint8)}, "(3, 2)"),
    ],
)
def test_what_is_no_mask_is_refused_in_a_sentence(labels, fields, says):
    with pytest.raises(MaskFormatError) as error:
        LabelImage(labels, **fields)
    assert says in str(error.value)


def test_names_of_files_are_made_such_that_every_file_system_can_hold_them():
    long = "🐶" * 90
    one, two = (LabelImage(np.zeros((1, 1), np.uint8), stem=f"{long}/{long}{end}") for end in "ab")
    assert one.stem != two.stem
    assert all(len(part.encode()) <= 200 for part in one.stem.split("/"))
    mask = LabelImage(np.zeros((1, 1), np.uint8), stem="a\n\ud800", image_name="b\t.png", units=("\x00", "m"))
    assert (mask.stem, mask.image_name, mask.units) == ("a \ufffd", "b .png", (" ", "m"))


def test_numbers_are_kept_in_the_byte_order_of_the_machine():
    assert LabelImage(np.ones((1, 1), ">u2")).labels.dtype.isnative


def test_planes_have_stable_names_that_sort():
    mask = LabelImage(np.zeros((12, 2, 3, 4), np.uint8), axes="TZYX", stem="s/a", image_name="s/a.tif")
    names = [(piece.stem, piece.image_name, piece.axes) for piece in mask.pieces()]
    assert names[0] == ("s/a_t00_z0", "s/a_t00_z0.tif", "YX")
    assert names[-1][0] == "s/a_t11_z1"
    assert [name for name, *_ in names] == sorted(name for name, *_ in names)


def test_pieces_keep_the_axes_a_format_can_hold():
    labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2)
    mask = LabelImage(labels, axes="TZYX", scale=(9.0, 3.0, 2.0, 1.0), overlapped=5)
    pieces = list(mask.pieces("Z"))
    assert [piece.axes for piece in pieces] == ["ZYX", "ZYX"]
    assert pieces[1].scale == (3.0, 2.0, 1.0)
    np.testing.assert_array_equal(pieces[1].labels, labels[1])
    assert sum(piece.overlapped for piece in pieces) == 5
    assert list(mask.pieces("*")) == [mask]


@pytest.mark.parametrize(("top", "dtype"), [(255, np.uint8), (256, np.uint16), (65535, np.uint16), (65536, np.uint32)])
def test_a_dtype_never_wraps_around(top, dtype):
    assert dtype_for(top) == dtype
    assert narrow(np.array([[top]], np.int64)).dtype == dtype
    assert int(narrow(np.array([[top]], np.int64))[0, 0]) == top

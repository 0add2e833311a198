import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.plane_ranges import PlaneRange, PlaneRanges, rows_of_planes

FILM = AxisRoles("TZYX"), (10, 4, 32, 48)


def test_a_range_along_one_axis_takes_all_planes_of_the_others():
    found = PlaneRanges.parse("T=3-4", *FILM)
    assert found == PlaneRanges((PlaneRange("T", 3, 4),))
    assert found.indices(*FILM) == [(t, z) for t in (3, 4) for z in range(4)]


def test_ranges_along_several_axes():
    assert PlaneRanges.parse(" t=8-9, Z=2 ", *FILM).indices(*FILM) == [(8, 2), (9, 2)]


def test_one_axis_of_planes_needs_no_letter():
    roles, shape = AxisRoles("ZYXS"), (5, 8, 8, 3)
    assert PlaneRanges.parse("2-4", roles, shape).indices(roles, shape) == [(2,), (3,), (4,)]
    assert PlaneRanges.parse("0", roles, shape).indices(roles, shape) == [(0,)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3-10", "does not say along which axis; the image has T=0-9, Z=0-3"),
        ("T=3-10", "no planes 3 to 10 along T"),
        ("T=5-3", "no planes 5 to 3 along T"),
        ("C=1", "no planes along C"),
        ("T=", "'T=' is not a range of planes; write one such as T=0-9, Z=0-3"),
        ("T=1-", "not a range"),
        ("", "not a range"),
        ("T=1,T=2", "names the axis T twice"),
    ],
)
def test_what_is_no_range_is_refused_with_what_there_is(text, words):
    with pytest.raises(CliptraseError) as refusal:
        PlaneRanges.parse(text, *FILM)
    assert words in str(refusal.value)


def test_a_picture_has_no_planes_to_choose():
    with pytest.raises(CliptraseError, match="has one plane"):
        PlaneRanges.parse("0", AxisRoles("YX"), (8, 8))


def test_planes_make_a_row_as_far_as_they_are_neighbours():
    assert rows_of_planes([(3,), (4,), (5,)]) == [[(3,), (4,), (5,)]]
    film = PlaneRanges.parse("T=3-4", *FILM).indices(*FILM)
    assert rows_of_planes(film) == [[(t, z) for z in range(4)] for t in (3, 4)]
    one_of_each = PlaneRanges.parse("Z=2", *FILM).indices(*FILM)
    assert rows_of_planes(one_of_each) == [one_of_each]
    assert rows_of_planes([()]) == [[()]]

import copy

import pytest

from napari_cliptrase.field_values import FieldError
from napari_cliptrase.project.image_record import ImageIdentity, ImageRecord, PlaneRecord, State

RECORD = ImageRecord(
    "sub/a.png",
    "sub/a",
    State.DONE,
    "odd",
    ImageIdentity("ab" * 32, 100, 12, 16, "TZ", (2, 3)),
    {"t0_z1": PlaneRecord(1, 2, {1: 30, 7: 4})},
    12.5,
    0.25,
    {"model": "demo"},
)


def test_a_record_comes_back_from_its_data():
    assert ImageRecord.from_data(RECORD.to_data()) == RECORD


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), "../../outside.png"),
        (("name",), "/etc/passwd"),
        (("mask",), "C:/x"),
        (("mask",), None),
        (("image", "axes"), "T"),
        (("image", "planes"), "23"),
        (("image", "planes"), [2, "3"]),
        (("image", "planes"), [2, -3]),
        (("image", "height"), 0),
        (("image", "width"), float("nan")),
        (("image", "size"), 1e300),
        (("image",), []),
        (("planes",), None),
        (("planes", "t0_z1", "pixels"), {"1": -4}),
        (("planes", "t0_z1", "mask"), "x"),
        (("flag",), 3),
        (("seconds",), float("inf")),
        (("uncertainty",), "much"),
        (("state",), "asleep"),
        (("run",), [1]),
    ],
)
def test_damaged_data_are_no_record(place, value):
    data = copy.deepcopy(RECORD.to_data())
    *parents, last = place
    inside = data
    for key in parents:
        inside = inside[key]
    inside[last] = value
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError, FieldError)):
        ImageRecord.from_data(data)

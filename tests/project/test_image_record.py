"""What is recorded of an image comes back from its text."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.field_values import FieldError
from napari_cliptrase.project.image_record import ImageIdentity, ImageRecord, PlaneRecord, State

IDENTITY = ImageIdentity("ab" * 32, 100, 12, 16, "TZ", (4, 11))
RECORD = ImageRecord(
    "sub/a.tif",
    "sub/a",
    State.IN_PROGRESS,
    "blurred",
    IDENTITY,
    {"t0_z00": PlaneRecord(1, 2, {1: 5, 3: 7}), "t0_z01": PlaneRecord(3, 4, {3: 1})},
    12.5,
    0.25,
    {"model": "demo"},
    0.125,
    {1: 0.5, 12: 0.75},
)


def test_a_record_comes_back_from_its_text() -> None:
    assert ImageRecord.from_data(json.loads(RECORD.to_json())) == RECORD
    new = ImageRecord("a.png", "a")
    assert ImageRecord.from_data(json.loads(new.to_json())) == new


@given(
    st.sampled_from(State),
    st.floats(0, 1e6),
    st.none() | st.floats(0, 1),
    st.dictionaries(st.integers(1, 65535), st.integers(0, 10**9), max_size=4),
)
def test_equal_records_give_equal_text(
    state: State, seconds: float, uncertainty: float | None, pixels: dict[int, int]
) -> None:
    record = replace(
        RECORD, state=state, seconds=seconds, uncertainty=uncertainty, planes={"t0_z00": PlaneRecord(1, 2, pixels)}
    )
    again = ImageRecord.from_data(json.loads(record.to_json()))
    assert again.to_json() == record.to_json()
    assert (again.state, again.pixels) == (state, dict(sorted(pixels.items())))


def test_pixels_are_counted_over_all_planes() -> None:
    assert RECORD.pixels == {1: 5, 3: 8}
    assert not RECORD.saved_empty


def test_a_mask_without_pixels_is_empty_and_no_mask_is_not() -> None:
    assert replace(RECORD, planes={"t0_z00": PlaneRecord(1, 2, {})}).saved_empty
    assert not replace(RECORD, planes={}).saved_empty


def test_planes_are_named_so_that_files_sort() -> None:
    assert IDENTITY.plane_key((3, 7)) == "t3_z07"
    assert len(IDENTITY.indices()) == 44
    keys = [IDENTITY.plane_key(index) for index in IDENTITY.indices()]
    assert keys == sorted(keys)
    picture = ImageIdentity("ab" * 32, 100, 12, 16)
    assert [picture.plane_key(index) for index in picture.indices()] == [""]


@pytest.mark.parametrize("state", State)
def test_what_a_person_has_decided_is_finished(state: State) -> None:
    assert state.finished is (state in (State.DONE, State.EMPTY, State.REVIEWED))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../outside.png"),
        ("mask", "/etc/passwd"),
        ("state", "somewhere"),
        ("seconds", -1),
        ("seconds", float("nan")),
        ("uncertainty", 2),
        ("run", ["not an object"]),
        ("scores", {"1": 2}),
        ("scores", {"cat": 0.5}),
        ("planes", {"z0": {"mask": -1, "provenance": 0, "pixels": {}}}),
        ("planes", {"z0": {"mask": 1, "provenance": 0, "pixels": {"1": "many"}}}),
        ("image", {**RECORD.to_data()["image"], "planes": [4]}),
        ("image", {**RECORD.to_data()["image"], "height": 0}),
    ],
)
def test_a_record_that_says_something_else_is_refused(field: str, value: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, FieldError)):
        ImageRecord.from_data({**RECORD.to_data(), field: value})

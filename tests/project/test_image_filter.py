"""Which images of a list are shown."""

from dataclasses import replace

import pytest

from napari_cliptrase.project.image_filter import ImageFilter, select
from napari_cliptrase.project.image_record import ImageRecord, PlaneRecord, State

RECORDS = [
    ImageRecord("new.png", "new"),
    ImageRecord("run.png", "run", State.PRE_ANNOTATED, uncertainty=0.9, planes={"": PlaneRecord(0, 0, {1: 5})}),
    ImageRecord("open.png", "open", State.IN_PROGRESS, uncertainty=0.1, planes={"": PlaneRecord(0, 0, {})}),
    ImageRecord("Done.png", "Done", State.DONE, flag="blurred", planes={"": PlaneRecord(0, 0, {1: 5})}),
    ImageRecord("none.png", "none", State.EMPTY, planes={"": PlaneRecord(0, 0, {})}),
    ImageRecord("seen.png", "seen", State.REVIEWED, disagreement=0.3),
    ImageRecord("agrees.png", "agrees", State.REVIEWED, disagreement=0.01),
]


@pytest.mark.parametrize(
    ("which", "names"),
    [
        (ImageFilter.ALL, ["new", "run", "open", "Done", "none", "seen", "agrees"]),
        (ImageFilter.UNFINISHED, ["new", "run", "open"]),
        (ImageFilter.NEW, ["new"]),
        (ImageFilter.PRE_ANNOTATED, ["run"]),
        (ImageFilter.EMPTY, ["open", "none"]),
        (ImageFilter.FLAGGED, ["Done"]),
        (ImageFilter.DONE, ["Done", "none"]),
        (ImageFilter.REVIEWED, ["seen", "agrees"]),
        (ImageFilter.DISAGREEING, ["seen"]),
    ],
)
def test_each_filter_shows_what_it_says(which: ImageFilter, names: list[str]) -> None:
    assert [record.stem for record in select(RECORDS, which)] == names


def test_part_of_a_name_is_looked_for_whatever_its_case() -> None:
    assert [record.stem for record in select(RECORDS, text="DONE")] == ["Done"]
    assert select(RECORDS, ImageFilter.NEW, text="done") == []


def test_the_most_uncertain_come_first_and_those_without_a_run_last_in_their_order() -> None:
    found = [record.stem for record in select(RECORDS, most_uncertain_first=True)]
    assert found == ["run", "open", "new", "Done", "none", "seen", "agrees"]


def test_no_uncertainty_comes_after_the_least_one() -> None:
    sure = replace(RECORDS[2], uncertainty=0.0)
    assert select([RECORDS[0], sure], most_uncertain_first=True) == [sure, RECORDS[0]]

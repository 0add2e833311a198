from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.project.image_record import ImageRecord, PlaneRecord, State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.recorded_files import state_after

SHAPE = (12, 16)


def record_of(state: State, pixels: int = 5) -> ImageRecord:
    planes = {"": PlaneRecord(1, 2, {1: pixels} if pixels else {})}
    return ImageRecord("a.png", "a", state=state, planes=planes)


@pytest.mark.parametrize(
    ("before", "by_person", "by_model"),
    [
        (State.NEW, State.IN_PROGRESS, State.PRE_ANNOTATED),
        (State.PRE_ANNOTATED, State.IN_PROGRESS, State.PRE_ANNOTATED),
        (State.IN_PROGRESS, State.IN_PROGRESS, State.IN_PROGRESS),
        (State.EMPTY, State.IN_PROGRESS, State.IN_PROGRESS),
        (State.DONE, State.DONE, State.IN_PROGRESS),
        (State.REVIEWED, State.DONE, State.IN_PROGRESS),
    ],
)
def test_the_state_says_who_changed_the_mask_last(before: State, by_person: State, by_model: State) -> None:
    assert state_after(record_of(before), changed=True, by_person=True) is by_person
    assert state_after(record_of(before), changed=True, by_person=False) is by_model


def test_a_mask_that_is_written_as_it_was_leaves_the_state() -> None:
    for state in set(State) - {State.NEW}:
        assert state_after(record_of(state), changed=False, by_person=False) is state
    assert state_after(record_of(State.EMPTY, pixels=0), changed=True, by_person=True) is State.EMPTY


def test_files_that_somebody_deleted_are_written_again_though_nothing_changed(project: Project, folder: Path) -> None:
    ones, hand = np.ones(SHAPE, np.uint8), np.full(SHAPE, Provenance.HAND, np.uint8)
    project.write("a.png", ones, hand)
    mask, state = folder / "masks" / "a.png", project.paths.state("a.png")
    before = mask.read_bytes(), state.read_bytes()
    mask.unlink(), state.unlink()
    project.write("a.png", ones, hand)
    assert (mask.read_bytes(), state.read_bytes()) == before

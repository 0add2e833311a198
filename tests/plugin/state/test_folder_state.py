import pytest

from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project

A, B, C = (f"image{number:04d}.png" for number in range(3))


@pytest.fixture
def state(photos):
    state = FolderState()
    with Project.create(photos) as project:
        state.project = project
        yield state


def test_neighbours_follow_the_list_and_end_with_it(state):
    state.order = (C, A)
    state.shown = C
    assert state.neighbour(1) == A
    assert state.neighbour(-1) is None
    assert state.coming(2) == (A,)


def test_from_outside_of_the_list_going_on_leads_into_it(state):
    state.order = (B, C)
    state.shown = A
    assert state.neighbour(1) == B
    assert state.neighbour(-1) == C


def test_the_next_unfinished_image_is_looked_for_around_the_end(state):
    state.shown = B
    state.project.set_state(C, State.DONE)
    assert state.next_unfinished() == A
    state.project.set_state(A, State.EMPTY)
    assert state.next_unfinished() is None


def test_the_place_is_the_image_that_the_user_went_to(state):
    state.shown = A
    state.opening = B
    assert state.place == B
    state.opening = None
    assert state.place == A


def test_signals_tell_what_changed_and_nothing_else(state):
    told = []
    state.shown_changed.connect(told.append)
    state.shown = A
    state.shown = A
    assert told == [A]
    state.project = None
    assert not state.writable
    assert state.record(A) is None

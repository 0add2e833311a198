import time

import pytest
from qtpy.QtCore import Qt

from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.widgets.folder.image_list_model import RECORD_ROLE, ImageListModel
from napari_cliptrase.plugin.widgets.folder.thumbnails import Thumbnails
from napari_cliptrase.project.image_filter import ImageFilter
from napari_cliptrase.project.image_record import ImageRecord, State

A, B, C = (f"image{number:04d}.png" for number in range(3))


class Listed:
    """A project of records alone."""

    def __init__(self, count):
        states = (State.NEW, State.PRE_ANNOTATED, State.DONE, State.IN_PROGRESS)
        self.records = {
            f"{number:05d}.png": ImageRecord(
                f"{number:05d}.png", f"{number:05d}", states[number % 4], uncertainty=number / count
            )
            for number in range(count)
        }
        self.store = self
        self.read_only = False

    def __iter__(self):
        return iter(self.records.values())


@pytest.fixture
def shown(annotator, qtbot):
    thumbnails = Thumbnails(annotator.state)
    yield ImageListModel(annotator.state, thumbnails)
    thumbnails.stop()


def test_rows_are_the_images_with_their_records(shown, annotator):
    assert shown.names == (A, B, C)
    assert shown.data(shown.index(1)) == B
    assert shown.data(shown.index(1), RECORD_ROLE) is annotator.state.record(B)
    assert B in shown.data(shown.index(1), Qt.ItemDataRole.ToolTipRole)


def test_going_on_follows_what_is_shown(shown, annotator):
    annotator.work.flag("odd", C)
    annotator.settle()
    shown.show_only(ImageFilter.FLAGGED)
    assert shown.names == annotator.state.order == (C,)
    annotator.work.step(1)
    annotator.wait(lambda: annotator.state.shown == C)


def test_search_is_part_of_the_name_and_the_most_uncertain_can_come_first(annotator, qtbot):
    state = FolderState()
    state.project = Listed(40)
    model = ImageListModel(state, Thumbnails(state))
    model.show_only(text="0003", most_uncertain_first=True)
    assert model.names == (*tuple(f"0003{last}.png" for last in range(9, -1, -1)), "00003.png")


def test_an_image_that_no_longer_fits_leaves_once_it_is_left(shown, annotator):
    shown.show_only(ImageFilter.UNFINISHED)
    removed = []
    shown.rowsRemoved.connect(lambda _parent, first, last: removed.append((first, last)))
    annotator.work.mark(State.DONE)
    annotator.settle()
    assert A in shown.names
    annotator.go(B)
    annotator.work.flag("seen", A)
    annotator.settle()
    assert removed == [(0, 0)]
    assert shown.names == annotator.state.order == (B, C)


def test_5000_images_are_filtered_and_sorted_at_once(qtbot):
    state = FolderState()
    state.project = Listed(5000)
    model = ImageListModel(state, Thumbnails(state))
    times = []
    for which in (ImageFilter.UNFINISHED, ImageFilter.DONE, ImageFilter.ALL):
        start = time.perf_counter()
        model.show_only(which, "1", most_uncertain_first=True)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1  # 5 ms on a quiet computer
    assert model.rowCount() > 1000

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.run.segment_write import SegmentationWriter
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import run_to_end

SHAPE = (12, 16)
TABLE = ClassTable.from_names("cat", "dog", "cow")
HALVES = np.ones(SHAPE, np.uint8)
HALVES[:, 8:] = 2


def cow_down_to(row):
    """The halves, and a cow above a row."""
    labels = HALVES.copy()
    labels[:row] = 3
    return labels


class Room:
    """A viewer with an image that was encoded, and what writes its results."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.layers = LabelLayers(self.viewer.layers, self.session.version_of)
        self.writer = SegmentationWriter(self.session, self.layers)
        self.image = self.viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True, name="photo")
        self.source = plane_source_of(self.viewer, self.image, 0)
        self.encode()

    def encode(self):
        self.session.encoded = Encoded(self.source, None, None, "demo")

    def result(self, labels, title="Segment"):
        return PlaneResult(self.source.target, labels, TABLE, title=title)

    def run(self, labels=HALVES):
        return run_to_end(self.writer.write([self.result(labels)]))

    def score(self, labels):
        return run_to_end(self.writer.write_scores(self.result(labels, "New scores")))

    def seen(self):
        return self.layers.combined(self.source.target)[0]

    @property
    def kept(self):
        """Which runs can be taken back."""
        return [run.title for run in self.layers.runs]


@pytest.fixture
def room():
    return Room()


def test_newer_scores_take_the_place_of_older_ones(room):
    room.run()
    for row in (2, 6, 4):
        room.score(cow_down_to(row))
        assert np.array_equal(room.seen(), cow_down_to(row))
    assert room.kept == ["Segment", "New scores"]
    room.layers.undo_last_run()
    assert np.array_equal(room.seen(), HALVES)


@pytest.mark.parametrize("what", ["a region", "a run", "a refinement"])
def test_scores_stay_once_something_else_was_written(room, what):
    room.run()
    room.score(cow_down_to(4))
    if what == "a region":
        mask = np.zeros(SHAPE, bool)
        mask[10:, :4] = True
        room.layers.assign(room.source.target, mask, 2)
    elif what == "a run":
        room.run(cow_down_to(6))
    else:
        room.layers.write(room.result(cow_down_to(5), "Refine"))
    before, count = room.seen(), len(room.kept)
    room.score(cow_down_to(2))
    assert len(room.kept) == count + 1
    room.layers.undo_last_run()
    assert np.array_equal(room.seen(), before)


def test_scores_stay_when_another_encoding_is_shown(room):
    room.run()
    room.score(cow_down_to(4))
    room.encode()
    room.score(cow_down_to(2))
    assert room.kept == ["Segment", "New scores", "New scores"]


def test_scores_of_an_encoding_that_is_no_longer_shown_are_not_replaced(room):
    room.run()
    steps = room.writer.write_scores(room.result(cow_down_to(4), "New scores"))
    next(steps)
    room.encode()  # the user went elsewhere and came back
    for _ in steps:
        pass
    room.score(cow_down_to(2))
    assert room.kept == ["Segment", "New scores", "New scores"]


def test_results_wait_until_those_being_written_are_done(room):
    room.run()
    first = room.writer.write([room.result(3 - HALVES)])
    next(first)
    half_way = room.seen()
    second = room.writer.write([room.result(cow_down_to(3))])
    for _ in range(3):
        assert next(second).text == "Writing the layers"
    assert np.array_equal(room.seen(), half_way)
    for _ in first:
        pass
    assert np.array_equal(room.seen(), 3 - HALVES)
    for _ in second:
        pass
    assert np.array_equal(room.seen(), cow_down_to(3))


@pytest.mark.parametrize("how", ["closed", "failed"])
def test_after_a_result_that_was_broken_off_the_next_one_is_written(room, how):
    room.run()
    steps = room.writer.write([room.result(3 - HALVES)])
    next(steps)
    if how == "closed":
        steps.close()
    else:
        with pytest.raises(RuntimeError):
            steps.throw(RuntimeError("the image has changed"))
    assert np.array_equal(room.seen(), HALVES)
    room.run(cow_down_to(3))
    assert np.array_equal(room.seen(), cow_down_to(3))


def test_the_session_says_where_and_what_may_be_overwritten(room):
    assert room.writer.output is None
    room.session.output = Output.BOTH
    room.run()
    assert room.writer.output is Output.BOTH
    assert room.layers.combined_layer(room.image) is not None
    room.session.locked = frozenset({1})
    room.session.merge_mode = MergeMode.REPLACE
    room.layers.class_layers(room.image)[2].data_setitem((np.array([0]), np.array([15])), 0)
    room.run(np.full(SHAPE, 2, np.uint8))
    assert np.array_equal(room.seen(), HALVES)


def test_the_output_is_that_of_the_last_result_that_was_written(room):
    room.run()
    room.session.output = Output.COMBINED
    steps = room.writer.write([room.result(3 - HALVES)])
    next(steps)
    steps.close()
    assert room.writer.output is Output.CLASSES

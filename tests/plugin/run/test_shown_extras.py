from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers import Extra, LabelLayers
from napari_cliptrase.plugin.run.shown_extras import ShownExtras
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.session import Session

SHAPE = (12, 16)
MARGIN, REGIONS = frozenset({Extra.MARGIN}), frozenset({Extra.REGIONS})


class LateJobs:
    """Holds the one job that was started, until it is ended."""

    def start(self, title, steps, *, done, failed, key):
        self.steps, self.done, self.failed = steps, done, failed
        return title

    def end(self):
        for _ in self.steps():
            pass
        self.done(None)


class Room:
    """A viewer with an image that has a made-up result."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.image = self.viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True, name="photo")
        self.jobs = LateJobs()
        self.extras = ShownExtras(self.session, LabelLayers(self.viewer.layers, self.session.version_of), self.jobs)
        self.found = []

    def result(self, margin=0.5):
        source = plane_source_of(self.viewer, self.image, 0)
        scores = ClassScores((1,), np.zeros((1, 3, 4), np.float32), SHAPE)
        segmentation = SimpleNamespace(
            margin=np.full(SHAPE, margin, np.float32), scores=scores, classes=ClassTable.from_names("cat")
        )

        def region_map():
            self.found.append("regions")
            return np.zeros(SHAPE, int)

        self.session.encoded = Encoded(source, None, SimpleNamespace(region_map=region_map), "demo")
        self.session.segmented = Segmented(source, segmentation, ())

    @property
    def names(self):
        return [layer.name for layer in self.viewer.layers]


@pytest.fixture
def room():
    return Room()


def test_what_was_chosen_before_a_result_is_shown_with_it(room):
    assert room.extras.choose(MARGIN, None) is None
    room.extras.show()
    assert room.names == ["photo"]
    room.result()
    room.extras.show()
    assert room.names == ["photo", "doubt · photo"]


def test_what_is_chosen_after_a_result_comes_when_its_job_is_done(room):
    room.result()
    assert room.extras.choose(MARGIN, None) is not None
    assert room.names == ["photo"]
    room.jobs.end()
    assert room.names == ["photo", "doubt · photo"]
    room.extras.choose(frozenset(), None)
    room.jobs.end()
    assert room.names == ["photo"]


def test_regions_are_found_in_the_worker_before_they_are_shown(room):
    room.result()
    room.extras.choose(REGIONS, None)
    assert room.found == []
    for _ in room.jobs.steps():
        pass
    assert room.found == ["regions"]
    room.extras.choose(MARGIN, None)
    room.jobs.end()
    assert room.found == ["regions"]


def test_the_newest_result_of_an_encoding_is_shown(room):
    room.result()
    room.extras.choose(MARGIN, None)
    room.session.segmented = Segmented(
        room.session.segmented.source,
        SimpleNamespace(margin=np.full(SHAPE, 0.25, np.float32), scores=None, classes=None),
        (),
    )
    room.jobs.end()
    assert (room.viewer.layers["doubt · photo"].data == 0.25).all()


def test_a_result_that_went_meanwhile_is_not_shown(room):
    room.result()
    room.extras.choose(MARGIN, None)
    room.result()  # another one is shown now, which comes with its own extras
    room.jobs.end()
    assert room.names == ["photo"]


def test_an_error_is_reported_to_whoever_chose(room):
    room.result()
    reported = []
    room.extras.choose(MARGIN, reported.append)
    room.jobs.failed("the reason")
    assert reported == ["the reason"]

"""Runs over all planes of a stack."""

from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.state.plane_source import Planes, plane_source_of, planes_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.workbench import workbench_of

TOY = ModelChoice(f"local-dir:{Path(__file__).parents[2] / 'data' / 'golden' / 'toyclip'}")
PATIENCE = 120_000
DEPTH, SHOWN = 3, 1


class Bench:
    """A viewer with a film of three moments, the second of which is shown."""

    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.runner = self.workbench.runner
        blocks = np.random.default_rng(0).integers(0, 255, (DEPTH, 4, 6, 3), np.uint8)
        film = np.kron(blocks, np.ones((1, 24, 24, 1), np.uint8))
        self.image = self.viewer.add_image(film, rgb=True, name="film")
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog\nsky")
        self.viewer.dims.set_current_step(0, SHOWN)

    def source(self):
        return plane_source_of(self.viewer, self.image, self.session.version_of(self.image))

    def wait(self):
        self.qtbot.waitUntil(lambda: self.runner.idle, timeout=PATIENCE)

    def start(self, when="", then=None):
        """Run over all planes; ``then(job)`` when the progress first says ``when``."""
        self.reported = []
        job = self.runner.run(self.source(), TOY, planes=Planes.ALL)

        def tell(progress):
            first = when and when in progress.text and not any(when in text for text in self.reported)
            self.reported.append(progress.text)
            if first:
                then(job)

        job.progressed.connect(tell)
        self.wait()
        return job

    def content(self):
        return {key: layer.data.copy() for key, layer in self.workbench.layers.class_layers(self.image).items()}

    def labels(self):
        """(planes, h, w) what the class layers say together."""
        layers = self.workbench.layers.class_layers(self.image).values()
        return np.max([layer.data for layer in layers], axis=0)


@pytest.fixture
def bench(qtbot):
    bench = Bench(qtbot)
    yield bench
    bench.workbench.jobs.cancel()
    bench.wait()


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def names(segmented):
    return [entry.name for entry in segmented.segmentation.classes]


def test_every_plane_is_written_and_one_encoding_kept(bench):
    from napari_cliptrase import Segmenter, load_model

    bench.start()
    segmenter = Segmenter(load_model(TOY.name, device="cpu"))
    for plane, picture in enumerate(bench.image.data):
        expected = segmenter.segment(segmenter.encode(picture), bench.session.prompts)
        assert np.array_equal(bench.labels()[plane], expected.labels)
    assert bench.session.encoded.source.target.plane == (SHOWN,)
    assert bench.session.segmented.source.target.plane == (SHOWN,)
    encoded = [bench.runner.is_encoded(plane, TOY) for plane in planes_of(bench.source())]
    assert encoded == [plane == SHOWN for plane in range(DEPTH)]


def test_progress_counts_the_planes_and_never_goes_back(bench):
    shares = []
    job = bench.runner.run(bench.source(), TOY, planes=Planes.ALL)
    job.progressed.connect(lambda progress: shares.append((progress.text, progress.done, progress.total)))
    bench.wait()
    for number in range(1, DEPTH + 1):
        assert any(text.startswith(f"plane {number} of {DEPTH}: encoding") for text, _, _ in shares)
    done = [done / total for text, done, total in shares if text.startswith("plane ")]
    assert done == sorted(done)
    assert done[-1] <= 1


def test_one_undo_takes_all_planes_back(bench):
    bench.start()
    before = bench.content()
    bench.session.prompts = PromptSet.parse("sea\ncar")
    bench.wait()
    bench.start()
    assert not same(bench.content(), before)
    bench.workbench.layers.undo_last_run()
    bench.workbench.layers.undo_last_run()
    assert same(bench.content(), before)
    bench.workbench.layers.undo_last_run()
    assert list(bench.viewer.layers) == [bench.image]


@pytest.mark.parametrize("when", ["plane 3 of 3: encoding", "writing plane 2 of 3", "writing plane 3 of 3"])
def test_cancel_changes_nothing_at_all(bench, when):
    bench.runner.run(bench.source(), TOY)
    bench.wait()
    before, encoded, run = bench.content(), bench.session.encoded, bench.workbench.layers.last_run
    job = bench.start(when, lambda job: job.cancel())
    assert when in bench.reported[-1]
    assert job.superseded
    assert same(bench.content(), before)
    assert bench.session.encoded is encoded
    assert bench.workbench.layers.last_run is run
    assert not bench.workbench.layers.edited(bench.source().target).any()


def test_a_hand_edit_on_another_plane_survives(bench):
    bench.start()
    class_id, layer = next(iter(bench.workbench.layers.class_layers(bench.image).items()))
    place = next(place for place in np.argwhere(layer.data == class_id) if place[0] != SHOWN)
    layer.data_setitem(tuple(np.array([position]) for position in place), 0)
    bench.start()
    assert bench.labels()[tuple(place)] == 0


@pytest.mark.parametrize("when", ["plane 2 of 3: encoding", "writing plane 2 of 3"])
def test_a_result_for_an_image_that_changed_meanwhile_is_dropped_with_a_notice(bench, when):
    notification_manager.records.clear()

    def change(_job):
        bench.image.data = 255 - bench.image.data

    bench.start(when, change)
    assert list(bench.viewer.layers) == [bench.image]
    assert bench.session.segmented is None
    assert any("has changed meanwhile" in record.message for record in notification_manager.records)


def test_new_scores_change_the_shown_plane_only(bench):
    bench.start()
    before = bench.labels()
    bench.session.prompts = PromptSet.parse("sea\ncar")
    bench.wait()
    after = bench.labels()
    others = [plane for plane in range(DEPTH) if plane != SHOWN]
    assert np.array_equal(after[others], before[others])
    assert names(bench.session.segmented) == ["sea", "car"]


def test_planes_encoded_before_need_no_new_encoding_and_keep_their_result(bench):
    bench.viewer.dims.set_current_step(0, 0)
    bench.runner.run(bench.source(), TOY)
    bench.wait()
    first = bench.session.encoded
    bench.viewer.dims.set_current_step(0, SHOWN)
    bench.session.prompts = PromptSet.parse("sea\ncar")
    bench.start()
    assert not any(text.startswith("plane 1 of 3: encoding") for text in bench.reported)
    bench.viewer.dims.set_current_step(0, 0)
    assert bench.session.encoded is first
    assert names(bench.session.segmented) == ["sea", "car"]


def test_who_went_to_another_plane_meanwhile_sees_that_nothing_is_encoded_there(bench):
    bench.start("plane 2 of 3", lambda _job: bench.viewer.dims.set_current_step(0, 2))
    assert bench.session.encoded is None
    bench.viewer.dims.set_current_step(0, SHOWN)
    assert bench.session.encoded.source.target.plane == (SHOWN,)
    assert bench.session.segmented is not None

"""Runs over all planes of a stack."""

import numpy as np
import pytest
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.state.plane_source import Planes, planes_of, range_along

DEPTH, SHOWN = 3, 1


@pytest.fixture
def bench(bench_with):
    """A film of three moments, the second of which is shown."""
    bench = bench_with("film", (DEPTH,))
    bench.viewer.dims.set_current_step(0, SHOWN)
    return bench


def start(bench, when="", then=None):
    """Run over all planes; ``then(job)`` when the progress first says ``when``. Return the job and what it said."""
    reported = []
    job = bench.runner.run(bench.source(), bench.model, planes=Planes.ALL)

    def listen(progress):
        first = when and when in progress.text and not any(when in text for text in reported)
        reported.append(progress.text)
        if first:
            then(job)

    job.progressed.connect(listen)
    bench.wait()
    return job, reported


def content(bench):
    return {key: layer.data.copy() for key, layer in bench.workbench.layers.class_layers(bench.image).items()}


def shown_labels(bench):
    """(planes, h, w) what the class layers say together."""
    return np.max(list(content(bench).values()), axis=0)


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def names(segmented):
    return [entry.name for entry in segmented.segmentation.classes]


def test_every_plane_is_written_and_one_encoding_kept(bench):
    from napari_cliptrase import Segmenter, load_model

    start(bench)
    segmenter = Segmenter(load_model(bench.model.name, device="cpu"))
    for plane, picture in enumerate(bench.image.data):
        expected = segmenter.segment(segmenter.encode(picture), bench.session.prompts)
        assert np.array_equal(shown_labels(bench)[plane], expected.labels)
    assert bench.session.encoded.source.target.plane == (SHOWN,)
    assert bench.session.segmented.source.target.plane == (SHOWN,)
    encoded = [bench.runner.is_encoded(plane, bench.model) for plane in planes_of(bench.source())]
    assert encoded == [plane == SHOWN for plane in range(DEPTH)]


def test_progress_counts_the_planes_and_never_goes_back(bench):
    shares = []
    job = bench.runner.run(bench.source(), bench.model, planes=Planes.ALL)
    job.progressed.connect(lambda progress: shares.append((progress.text, progress.done, progress.total)))
    bench.wait()
    for number in range(1, DEPTH + 1):
        assert any(text.startswith(f"plane {number} of {DEPTH}: encoding") for text, _, _ in shares)
    done = [done / total for text, done, total in shares if text.startswith("plane ")]
    assert done == sorted(done)
    assert done[-1] <= 1


def test_one_undo_takes_all_planes_back(bench):
    start(bench)
    before = content(bench)
    bench.session.prompts = PromptSet.parse("sea\ncar")
    bench.wait()
    start(bench)
    assert not same(content(bench), before)
    bench.workbench.layers.undo_last_run()
    bench.workbench.layers.undo_last_run()
    assert same(content(bench), before)
    bench.workbench.layers.undo_last_run()
    assert list(bench.viewer.layers) == [bench.image]


def test_cancel_between_planes_keeps_those_that_are_done_and_says_so(bench):
    notification_manager.records.clear()
    bench.viewer.dims.set_current_step(0, 0)
    start(bench, "plane 3 of 3: encoding", lambda job: job.cancel())
    kept = shown_labels(bench)
    assert kept[:2].any((1, 2)).all()
    assert not kept[2].any()
    assert any("2 of 3 planes are done and stay" in record.message for record in notification_manager.records)
    assert bench.session.segmented.source.target.plane == (0,)
    bench.viewer.dims.set_current_step(0, SHOWN)
    start(bench)
    assert np.array_equal(shown_labels(bench)[:2], kept[:2])
    bench.workbench.layers.undo_last_run()
    bench.workbench.layers.undo_last_run()
    assert list(bench.viewer.layers) == [bench.image]


def test_a_newer_run_takes_the_place_of_one_whose_planes_are_not_kept(bench):
    def press_again(_job):
        bench.session.prompts = PromptSet.parse("sea\ncar")
        bench.runner.run(bench.source(), bench.model)

    start(bench, "plane 3 of 3: encoding", press_again)
    written = shown_labels(bench)
    assert written[SHOWN].any()
    assert not written[[0, 2]].any()
    assert names(bench.session.segmented) == ["sea", "car"]


def test_a_range_of_planes_leaves_the_others_as_they_are(bench):
    source = bench.source()
    bench.runner.run(source, bench.model, planes=Planes.RANGE, ranges=range_along(source, "Z", 1, 2))
    bench.wait()
    first = shown_labels(bench)
    assert not first[0].any()
    assert first[1:].any((1, 2)).all()
    bench.session.prompts = PromptSet.parse("sea\ncar\ncat")
    bench.wait()
    now = bench.source()
    bench.runner.run(now, bench.model, planes=Planes.RANGE, ranges=range_along(now, "Z", 0, 0))
    bench.wait()
    assert shown_labels(bench)[0].any()
    assert np.array_equal(shown_labels(bench)[2], first[2])


@pytest.mark.parametrize("when", ["writing plane 2 of 3", "writing plane 3 of 3"])
def test_cancel_while_layers_are_written_changes_nothing_at_all(bench, when):
    bench.runner.run(bench.source(), bench.model)
    bench.wait()
    before, encoded, run = content(bench), bench.session.encoded, bench.workbench.layers.last_run
    job, reported = start(bench, when, lambda job: job.cancel())
    assert when in reported[-1]
    assert job.superseded
    assert same(content(bench), before)
    assert bench.session.encoded is encoded
    assert bench.workbench.layers.last_run is run
    assert not bench.workbench.layers.edited(bench.source().target).any()


def test_a_hand_edit_on_another_plane_survives(bench):
    start(bench)
    class_id, layer = next(iter(bench.workbench.layers.class_layers(bench.image).items()))
    place = next(place for place in np.argwhere(layer.data == class_id) if place[0] != SHOWN)
    layer.data_setitem(tuple(np.array([position]) for position in place), 0)
    start(bench)
    assert shown_labels(bench)[tuple(place)] == 0


@pytest.mark.parametrize("when", ["plane 2 of 3: encoding", "writing plane 2 of 3"])
def test_a_result_for_an_image_that_changed_meanwhile_is_dropped_with_a_notice(bench, when):
    notification_manager.records.clear()

    def change(_job):
        bench.image.data = 255 - bench.image.data

    start(bench, when, change)
    assert list(bench.viewer.layers) == [bench.image]
    assert bench.session.segmented is None
    assert any("has changed meanwhile" in record.message for record in notification_manager.records)


def test_new_scores_change_the_shown_plane_only(bench):
    start(bench)
    before = shown_labels(bench)
    bench.session.prompts = PromptSet.parse("sea\ncar")
    bench.wait()
    after = shown_labels(bench)
    others = [plane for plane in range(DEPTH) if plane != SHOWN]
    assert np.array_equal(after[others], before[others])
    assert names(bench.session.segmented) == ["sea", "car"]


def test_planes_encoded_before_need_no_new_encoding_and_keep_their_result(bench):
    bench.viewer.dims.set_current_step(0, 0)
    bench.runner.run(bench.source(), bench.model)
    bench.wait()
    first = bench.session.encoded
    bench.viewer.dims.set_current_step(0, SHOWN)
    bench.session.prompts = PromptSet.parse("sea\ncar")
    _, reported = start(bench)
    assert not any(text.startswith("plane 1 of 3: encoding") for text in reported)
    bench.viewer.dims.set_current_step(0, 0)
    assert bench.session.encoded is first
    assert names(bench.session.segmented) == ["sea", "car"]


def test_who_went_to_another_plane_meanwhile_sees_that_nothing_is_encoded_there(bench):
    start(bench, "plane 2 of 3", lambda _job: bench.viewer.dims.set_current_step(0, 2))
    assert bench.session.encoded is None
    bench.viewer.dims.set_current_step(0, SHOWN)
    assert bench.session.encoded.source.target.plane == (SHOWN,)
    assert bench.session.segmented is not None

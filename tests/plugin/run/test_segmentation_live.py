"""New scores while a person changes prompts and settings, paints, and uses tools."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase.cliptrase.options import Vote
from napari_cliptrase.plugin.layers import PlaneResult


def test_a_changed_prompt_is_scored_on_the_kept_encoding(bench):
    bench.run()
    encoded = bench.session.encoded
    bench.session.prompts = bench.session.prompts.added("grass")
    bench.wait()
    assert bench.session.encoded is encoded
    assert 4 in bench.session.segmented.segmentation.classes.ids


def test_a_new_colour_or_order_scores_nothing(bench):
    bench.run()
    segmented = bench.session.segmented
    bench.session.prompts = bench.session.prompts.moved(3, 0).replaced(1, color="#123456")
    bench.wait()
    assert bench.session.segmented is segmented


def test_without_live_nothing_is_scored_until_run(bench):
    bench.run()
    bench.runner.live = False
    segmented = bench.session.segmented
    bench.session.prompts = bench.session.prompts.added("grass")
    bench.wait()
    assert bench.session.segmented is segmented


@pytest.mark.parametrize("how", ["give", "refine"])
def test_what_a_tool_did_between_live_scores_survives_them_and_undo(bench, how):
    bench.session.settings = replace(bench.session.settings, vote=Vote.OFF)
    bench.run()
    before = bench.labels()
    thresholds = [bench.some_threshold(share) for share in (0.2, 0.3, 0.1)]
    bench.score_with(thresholds[0])
    target = bench.session.segmented.source.target
    changed = before != bench.labels()
    mine, other = sorted(np.unique(before[changed]).tolist(), key=lambda i: np.count_nonzero(before == i))[-2:]
    mask = (bench.labels() == other) & ~changed
    assert changed.any()
    assert mask.any()
    if how == "give":
        bench.workbench.layers.assign(target, mask, mine)
    else:
        refined = np.where(mask, mine, bench.labels())
        bench.workbench.layers.write(PlaneResult(target, refined, bench.session.prompts.table(), {}, "Refine"))
        layer = bench.workbench.layers.class_layers(bench.image)[mine]
        assert (layer.data[mask] == mine).all()
    count = len(bench.workbench.layers.runs)
    bench.score_with(thresholds[1])
    assert len(bench.workbench.layers.runs) == count + 1
    assert not any(run.undone for run in bench.workbench.layers.runs)
    if how == "give":
        assert (bench.labels()[mask] == mine).all()
        bench.score_with(thresholds[2])
        assert (bench.labels()[mask] == mine).all()
        bench.workbench.layers.undo_last_run()
        assert (bench.workbench.layers.combined(target)[0][mask] == mine).all()
        bench.workbench.layers.undo_last_run()
        assert (bench.workbench.layers.combined(target)[0][mask] == mine).all()
    else:
        bench.workbench.layers.undo_last_run()
        assert np.array_equal(bench.workbench.layers.combined(target)[0], refined)


def test_live_scores_of_one_image_are_not_undone_by_those_of_another(bench):
    first, second = bench.image, bench.add_second()
    bench.run_on(second)
    bench.run_on(first)
    bench.score_with(bench.some_threshold(0.3))
    scored = bench.labels()
    target = bench.session.segmented.source.target
    bench.session.image = second
    bench.score_with(bench.some_threshold(0.5))
    assert np.array_equal(bench.workbench.layers.combined(target)[0], scored)


def test_settings_changed_during_a_run_are_applied_at_its_end(bench):
    bench.session.settings = replace(bench.session.settings, vote=Vote.OFF)
    bench.run()
    assert bench.labels().all()
    bench.runner.run(bench.source(), bench.model)
    bench.score_with(bench.some_threshold(0.4))
    assert not bench.labels().all()
    assert not bench.runner.stale


def test_live_turned_on_scores_what_has_changed_meanwhile(bench):
    bench.run()
    bench.runner.live = False
    bench.session.prompts = bench.session.prompts.added("grass")
    bench.wait()
    assert bench.runner.stale
    bench.runner.live = True
    bench.wait()
    assert not bench.runner.stale
    assert 4 in bench.session.segmented.segmentation.classes.ids
    segmented = bench.session.segmented
    bench.runner.live = False
    bench.runner.live = True
    bench.wait()
    assert bench.session.segmented is segmented


def test_newer_scores_wait_until_those_being_written_have_taken_themselves_back(bench):
    bench.session.settings = replace(bench.session.settings, vote=Vote.OFF)
    bench.run()
    before = bench.labels()
    bench.score_with(bench.some_threshold(0.2))
    reported, newer = [], bench.some_threshold(0.5)

    def hurry(progress):
        reported.append(progress.text)
        if reported.count("writing the layers") == 3:
            bench.session.settings = replace(bench.session.settings, threshold=newer)
            bench.runner.score()

    bench.session.settings = replace(bench.session.settings, threshold=bench.some_threshold(0.3))
    job = bench.runner.score()
    job.report.progress = hurry  # every step, however quick
    bench.wait()
    assert job.superseded
    assert np.array_equal(bench.labels(), bench.session.segmented.segmentation.labels)
    assert bench.session.settings.threshold == newer
    assert not bench.workbench.layers.edited(bench.session.segmented.source.target).any()
    bench.workbench.layers.undo_last_run()
    assert np.array_equal(bench.labels(), before)


def test_a_stroke_while_scores_are_written_stays(bench):
    bench.session.settings = replace(bench.session.settings, vote=Vote.OFF)
    bench.run()
    layers = list(bench.workbench.layers.class_layers(bench.image).items())
    bench.session.settings = replace(bench.session.settings, threshold=bench.some_threshold(0.3))
    job = bench.runner.score()
    painted = []

    def paint(progress):
        if progress.text == "writing the layers" and len(painted) < len(layers):
            class_id, layer = layers[len(painted)]
            place = tuple(np.argwhere(layer.data == 0)[len(painted)])
            painted.append((place, class_id))
            layer.paint(place, class_id)

    job.report.progress = paint
    bench.wait()
    for place, class_id in painted:
        assert bench.workbench.layers.class_layers(bench.image)[class_id].data[place] == class_id
    bench.score_with(bench.some_threshold(0.2))
    for place, class_id in painted:
        assert bench.workbench.layers.class_layers(bench.image)[class_id].data[place] == class_id

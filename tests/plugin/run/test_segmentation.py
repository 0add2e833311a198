from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Vote
from napari_cliptrase.engine.settings import Detail
from napari_cliptrase.plugin.layers import Extra, PlaneResult
from napari_cliptrase.plugin.run.segmentation import scored_question
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.tags import provenance_at
from napari_cliptrase.plugin.workbench import workbench_of

TOY = ModelChoice(f"local-dir:{Path(__file__).parents[2] / 'data' / 'golden' / 'toyclip'}")
PATIENCE = 120_000


class Bench:
    """A viewer with an image, and a flow with a small model of true shape."""

    def __init__(self, qtbot, image):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.runner = self.workbench.runner
        self.image = self.viewer.add_image(image, rgb=True, name="scene")
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog\nsky")

    def source(self):
        return plane_source_of(self.viewer, self.image, self.session.version_of(self.image))

    def wait(self):
        self.qtbot.waitUntil(lambda: self.runner.idle, timeout=PATIENCE)

    def run(self, **how):
        job = self.runner.run(self.source(), TOY, **how)
        self.wait()
        return job

    def labels(self):
        return self.workbench.layers.combined(self.session.segmented.source.target)[0]


@pytest.fixture
def bench(qtbot):
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 255, (4, 6, 3), np.uint8)
    bench = Bench(qtbot, np.kron(blocks, np.ones((24, 24, 1), np.uint8)))
    yield bench
    bench.workbench.jobs.cancel()
    bench.wait()


def test_run_writes_what_the_segmenter_says(bench):
    from napari_cliptrase import Segmenter, load_model

    bench.run()
    segmenter = Segmenter(load_model(TOY.name, device="cpu"))
    expected = segmenter.segment(segmenter.encode(bench.image.data), bench.session.prompts)
    assert np.array_equal(bench.labels(), expected.labels)
    assert bench.session.model.name == TOY.name
    layer = next(layer for layer in bench.viewer.layers if isinstance(layer, Labels))
    assert provenance_at(layer, ())["model"] == TOY.name


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


def test_hand_edits_survive_live_scores_and_a_new_run(bench):
    bench.run()
    layers = bench.workbench.layers.class_layers(bench.image)
    class_id, layer = next(iter(layers.items()))
    row, column = np.argwhere(layer.data == class_id)[0]
    layer.data_setitem((np.array([row]), np.array([column])), 0)
    bench.session.prompts = bench.session.prompts.added("grass")
    bench.wait()
    bench.run()
    assert bench.labels()[row, column] == 0


def test_a_second_run_of_the_same_pixels_needs_no_new_encoding(bench):
    bench.run()
    encoding = bench.session.encoded.encoding
    assert bench.runner.is_encoded(bench.source(), TOY)
    bench.run()
    assert bench.session.encoded.encoding is encoding


def test_cancel_leaves_everything_as_it_was(bench):
    bench.run()
    before = bench.labels()
    bench.image.data = 255 - bench.image.data
    count = len(bench.viewer.layers)
    bench.runner.run(bench.source(), TOY).cancel()
    bench.wait()
    assert len(bench.viewer.layers) == count
    layers = bench.workbench.layers.class_layers(bench.image)
    assert all(np.array_equal(layer.data != 0, before == class_id) for class_id, layer in layers.items())


def test_a_result_for_an_image_that_changed_meanwhile_is_dropped_with_a_notice(bench):
    notification_manager.records.clear()
    job = bench.runner.run(bench.source(), TOY)
    bench.image.data = 255 - bench.image.data
    bench.wait()
    assert not job.superseded
    assert not bench.workbench.layers.class_layers(bench.image)
    assert bench.session.segmented is None
    assert any("has changed meanwhile" in record.message for record in notification_manager.records)


def test_a_model_that_cannot_be_loaded_is_one_sentence(bench):
    errors = []
    bench.runner.failed.connect(errors.append)
    bench.runner.run(bench.source(), ModelChoice("local-dir:/no/such/folder"))
    bench.wait()
    assert len(errors) == 1
    assert "/no/such/folder" in str(errors[0])
    assert not bench.workbench.layers.class_layers(bench.image)


def test_extra_layers_come_change_and_go(bench):
    bench.run(extras=frozenset(Extra))
    names = {layer.name for layer in bench.viewer.layers}
    assert {"doubt · scene", "regions · scene", "cat score · scene", "dog score · scene"} <= names
    score = bench.viewer.layers["cat score · scene"]
    assert isinstance(score, Image)
    edges = score.data_to_world((-0.5, -0.5))
    assert np.allclose(edges, bench.image.data_to_world((-0.5, -0.5)))
    assert bench.session.images == (bench.image,)
    bench.run()
    assert not any("score" in layer.name or "doubt" in layer.name for layer in bench.viewer.layers)


def test_unload_gives_everything_back(bench):
    bench.run()
    bench.runner.unload()
    assert bench.session.model is None
    assert bench.session.encoded is None
    assert not bench.runner.is_encoded(bench.source(), TOY)
    bench.run()
    assert bench.session.segmented is not None


def test_load_alone_writes_nothing(bench):
    bench.runner.load(TOY)
    bench.wait()
    assert bench.session.model is not None
    assert list(bench.viewer.layers) == [bench.image]


def test_what_makes_a_difference_to_the_labels():
    prompts = PromptSet.parse("cat\ndog: puppy\nbackground: wall")
    assert scored_question(prompts) == scored_question(prompts.moved(2, 0).replaced(1, color="#ff0000"))
    for other in (
        prompts.renamed(1, "lion"),
        prompts.replaced(2, synonyms=()),
        prompts.replaced(2, threshold=0.2),
        prompts.with_background(),
    ):
        assert scored_question(prompts) != scored_question(other)


def test_going_to_another_plane_and_back_brings_its_result_back(bench, qtbot):
    bench.viewer.layers.clear()
    film = np.random.default_rng(2).integers(0, 255, (3, 96, 128, 3), np.uint8)
    bench.image = bench.viewer.add_image(film, rgb=True, name="film")
    bench.session.image = bench.image
    bench.viewer.dims.set_current_step(0, 1)
    bench.run()
    first = bench.session.encoded
    bench.viewer.dims.set_current_step(0, 2)
    assert bench.session.encoded is None
    assert bench.session.segmented is None
    bench.run()
    assert bench.session.encoded.source.target.plane == (2,)
    bench.viewer.dims.set_current_step(0, 1)
    assert bench.session.encoded is first
    assert bench.session.segmented.source.target.plane == (1,)
    layers = bench.workbench.layers.class_layers(bench.image)
    assert not any(layer.data[0].any() for layer in layers.values())


def some_threshold(bench, share):
    """A minimum that takes about this share of the pixels."""
    best = bench.session.segmented.segmentation.scores.maps.max(0)
    return float(np.quantile(best, share))


def score_with(bench, threshold):
    bench.session.settings = replace(bench.session.settings, threshold=threshold)
    bench.wait()


@pytest.mark.parametrize("how", ["give", "refine"])
def test_what_a_tool_did_between_live_scores_survives_them_and_undo(bench, how):
    bench.session.settings = replace(bench.session.settings, vote=Vote.OFF)
    bench.run()
    before = bench.labels()
    thresholds = [some_threshold(bench, share) for share in (0.2, 0.3, 0.1)]
    score_with(bench, thresholds[0])
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
    score_with(bench, thresholds[1])
    assert len(bench.workbench.layers.runs) == count + 1
    assert not any(run.undone for run in bench.workbench.layers.runs)
    if how == "give":
        assert (bench.labels()[mask] == mine).all()
        score_with(bench, thresholds[2])
        assert (bench.labels()[mask] == mine).all()
        bench.workbench.layers.undo_last_run()
        assert (bench.workbench.layers.combined(target)[0][mask] == mine).all()
        bench.workbench.layers.undo_last_run()
        assert (bench.workbench.layers.combined(target)[0][mask] == mine).all()
    else:
        bench.workbench.layers.undo_last_run()
        assert np.array_equal(bench.workbench.layers.combined(target)[0], refined)


def add_second(bench):
    other = np.random.default_rng(5).integers(0, 255, bench.image.data.shape, np.uint8)
    return bench.viewer.add_image(other, rgb=True, name="other")


def run_on(bench, image):
    bench.session.image = bench.image = image
    bench.run()


def test_the_chosen_image_decides_what_is_shown_and_scored(bench):
    first, second = bench.image, add_second(bench)
    run_on(bench, first)
    found = bench.session.encoded, bench.session.segmented
    bench.session.image = second
    assert (bench.session.encoded, bench.session.segmented) == (None, None)
    run_on(bench, second)
    bench.session.image = first
    assert (bench.session.encoded, bench.session.segmented) == found
    layers = bench.workbench.layers.class_layers(second)
    before = {class_id: layer.data.copy() for class_id, layer in layers.items()}
    score_with(bench, some_threshold(bench, 0.3))
    assert bench.session.segmented.source.target.image_id == first.unique_id
    assert bench.workbench.layers.class_layers(second).keys() == before.keys()
    assert all(np.array_equal(layer.data, before[class_id]) for class_id, layer in layers.items())


def test_live_scores_of_one_image_are_not_undone_by_those_of_another(bench):
    first, second = bench.image, add_second(bench)
    run_on(bench, second)
    run_on(bench, first)
    score_with(bench, some_threshold(bench, 0.3))
    scored = bench.labels()
    target = bench.session.segmented.source.target
    bench.session.image = second
    score_with(bench, some_threshold(bench, 0.5))
    assert np.array_equal(bench.workbench.layers.combined(target)[0], scored)


def test_when_an_image_goes_the_one_chosen_next_has_its_result(bench):
    first, second = bench.image, add_second(bench)
    run_on(bench, first)
    run_on(bench, second)
    bench.viewer.layers.remove(second)
    bench.session.image = first
    assert bench.session.encoded.source.target.image_id == first.unique_id
    assert bench.session.segmented is not None


def test_who_chose_another_image_during_a_run_sees_nothing_of_it(bench):
    second = add_second(bench)
    bench.runner.run(bench.source(), TOY)
    bench.session.image = second
    bench.wait()
    assert bench.workbench.layers.class_layers(bench.image)
    assert bench.session.encoded is None


def test_settings_changed_during_a_run_are_applied_at_its_end(bench):
    bench.session.settings = replace(bench.session.settings, vote=Vote.OFF)
    bench.run()
    assert bench.labels().all()
    bench.runner.run(bench.source(), TOY)
    score_with(bench, some_threshold(bench, 0.4))
    assert not bench.labels().all()
    assert not bench.runner.stale


def test_a_detail_changed_during_a_run_does_not_hide_its_result(bench):
    bench.runner.run(bench.source(), TOY)
    bench.session.settings = replace(bench.session.settings, detail=Detail.COARSE)
    bench.wait()
    found, first = bench.session.segmented, bench.image
    bench.session.image = add_second(bench)
    bench.session.image = first
    assert bench.session.segmented is found


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


def test_extra_layers_asked_for_after_a_run_come_at_once(bench):
    bench.run()
    bench.runner.set_extras(frozenset({Extra.MARGIN, Extra.REGIONS}))
    bench.wait()
    assert bench.viewer.layers["doubt · scene"].visible
    assert not bench.viewer.layers["regions · scene"].visible
    bench.runner.set_extras(frozenset())
    bench.wait()
    assert "doubt · scene" not in bench.viewer.layers


def test_after_unload_another_plane_brings_nothing_back(bench):
    film = np.random.default_rng(2).integers(0, 255, (3, 96, 128, 3), np.uint8)
    run_on(bench, bench.viewer.add_image(film, rgb=True, name="film"))
    step = bench.viewer.dims.current_step[0]
    bench.viewer.dims.set_current_step(0, (step + 1) % 3)
    bench.runner.unload()
    bench.viewer.dims.set_current_step(0, step)
    assert bench.session.encoded is None


def test_newer_scores_wait_until_those_being_written_have_taken_themselves_back(bench):
    bench.session.settings = replace(bench.session.settings, vote=Vote.OFF)
    bench.run()
    before = bench.labels()
    score_with(bench, some_threshold(bench, 0.2))
    reported, newer = [], some_threshold(bench, 0.5)

    def hurry(progress):
        reported.append(progress.text)
        if reported.count("writing the layers") == 3:
            bench.session.settings = replace(bench.session.settings, threshold=newer)
            bench.runner.score()

    bench.session.settings = replace(bench.session.settings, threshold=some_threshold(bench, 0.3))
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
    bench.session.settings = replace(bench.session.settings, threshold=some_threshold(bench, 0.3))
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
    score_with(bench, some_threshold(bench, 0.2))
    for place, class_id in painted:
        assert bench.workbench.layers.class_layers(bench.image)[class_id].data[place] == class_id

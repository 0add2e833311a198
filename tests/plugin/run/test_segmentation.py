from dataclasses import replace

import numpy as np
from napari.layers import Image, Labels
from napari.utils.notifications import notification_manager

from napari_cliptrase.engine.settings import Detail
from napari_cliptrase.plugin.layers import Extra
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.tags import provenance_at


def test_run_writes_what_the_segmenter_says(bench):
    from napari_cliptrase import Segmenter, load_model

    bench.run()
    segmenter = Segmenter(load_model(bench.model.name, device="cpu"))
    expected = segmenter.segment(segmenter.encode(bench.image.data), bench.session.prompts)
    assert np.array_equal(bench.labels(), expected.labels)
    assert bench.session.model.name == bench.model.name
    layer = next(layer for layer in bench.viewer.layers if isinstance(layer, Labels))
    assert provenance_at(layer, ())["model"] == bench.model.name


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
    assert bench.runner.is_encoded(bench.source(), bench.model)
    bench.run()
    assert bench.session.encoded.encoding is encoding


def test_cancel_leaves_everything_as_it_was(bench):
    bench.run()
    before = bench.labels()
    bench.image.data = 255 - bench.image.data
    count = len(bench.viewer.layers)
    bench.runner.run(bench.source(), bench.model).cancel()
    bench.wait()
    assert len(bench.viewer.layers) == count
    layers = bench.workbench.layers.class_layers(bench.image)
    assert all(np.array_equal(layer.data != 0, before == class_id) for class_id, layer in layers.items())


def test_a_result_for_an_image_that_changed_meanwhile_is_dropped_with_a_notice(bench):
    notification_manager.records.clear()
    job = bench.runner.run(bench.source(), bench.model)
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
    assert not bench.runner.is_encoded(bench.source(), bench.model)
    bench.run()
    assert bench.session.segmented is not None


def test_load_alone_writes_nothing(bench):
    bench.runner.load(bench.model)
    bench.wait()
    assert bench.session.model is not None
    assert list(bench.viewer.layers) == [bench.image]


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


def test_the_chosen_image_decides_what_is_shown_and_scored(bench):
    first, second = bench.image, bench.add_second()
    bench.run_on(first)
    found = bench.session.encoded, bench.session.segmented
    bench.session.image = second
    assert (bench.session.encoded, bench.session.segmented) == (None, None)
    bench.run_on(second)
    bench.session.image = first
    assert (bench.session.encoded, bench.session.segmented) == found
    layers = bench.workbench.layers.class_layers(second)
    before = {class_id: layer.data.copy() for class_id, layer in layers.items()}
    bench.score_with(bench.some_threshold(0.3))
    assert bench.session.segmented.source.target.image_id == first.unique_id
    assert bench.workbench.layers.class_layers(second).keys() == before.keys()
    assert all(np.array_equal(layer.data, before[class_id]) for class_id, layer in layers.items())


def test_when_an_image_goes_the_one_chosen_next_has_its_result(bench):
    first, second = bench.image, bench.add_second()
    bench.run_on(first)
    bench.run_on(second)
    bench.viewer.layers.remove(second)
    bench.session.image = first
    assert bench.session.encoded.source.target.image_id == first.unique_id
    assert bench.session.segmented is not None


def test_who_chose_another_image_during_a_run_sees_nothing_of_it(bench):
    second = bench.add_second()
    bench.runner.run(bench.source(), bench.model)
    bench.session.image = second
    bench.wait()
    assert bench.workbench.layers.class_layers(bench.image)
    assert bench.session.encoded is None


def test_a_detail_changed_during_a_run_does_not_hide_its_result(bench):
    bench.runner.run(bench.source(), bench.model)
    bench.session.settings = replace(bench.session.settings, detail=Detail.COARSE)
    bench.wait()
    found, first = bench.session.segmented, bench.image
    bench.session.image = bench.add_second()
    bench.session.image = first
    assert bench.session.segmented is found


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
    bench.run_on(bench.viewer.add_image(film, rgb=True, name="film"))
    step = bench.viewer.dims.current_step[0]
    bench.viewer.dims.set_current_step(0, (step + 1) % 3)
    bench.runner.unload()
    bench.viewer.dims.set_current_step(0, step)
    assert bench.session.encoded is None

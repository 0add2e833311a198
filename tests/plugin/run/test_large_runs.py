"""Large planes from the window: labels on disk as a layer to paint on, over the image, also after Cancel."""

from dataclasses import replace

import numpy as np
import pytest
import zarr
from napari.layers import Labels
from napari.utils.notifications import notification_manager

from napari_cliptrase.engine.settings import Detail
from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.masks.label_pyramid import LabelPyramid
from napari_cliptrase.plugin.run import large_runs
from napari_cliptrase.plugin.run.large_runs import LargeRunner, is_large
from napari_cliptrase.plugin.state.plane_source import Area, plane_source_of


@pytest.fixture
def large(bench, tmp_path, monkeypatch):
    """A bench whose image counts as large, at full detail in small windows."""
    monkeypatch.setattr(large_runs, "MOST_AT_FULL_DETAIL", 1)
    bench.session.settings = replace(bench.session.settings, detail=Detail.FULL, resolution=None, window=64)
    bench.large = LargeRunner(bench.session, bench.runner, tmp_path / "labels")
    return bench


def label_layers(bench):
    return [layer for layer in bench.viewer.layers if isinstance(layer, Labels)]


def test_labels_lie_over_the_image_in_a_zarr_that_can_be_painted(large):
    large.image.scale = large.image.scale * 0.25
    large.image.rotate = 10
    large.large.run(large.source(), large.model)
    large.wait()
    (layer,) = label_layers(large)
    assert isinstance(layer.data, zarr.Array)
    assert layer.data.shape == large.image.data.shape[:2]
    for corner in ((0, 0), (5, 9), (large.image.data.shape[0] - 1, 3)):
        np.testing.assert_allclose(layer.data_to_world(corner), large.image.data_to_world(corner))
    assert set(np.unique(layer.data[...])) <= {0, *large.session.prompts.ids}
    assert set(layer.features["class"]) >= {entry.name for entry in large.session.prompts}
    before = layer.data[2, 2]
    layer.paint((2, 2), 7)
    assert layer.data[2, 2] == 7
    layer.undo()
    assert layer.data[2, 2] == before
    assert large.large.cached_bytes > 0


def test_another_class_needs_no_encoding_and_keeps_what_was_painted(large, monkeypatch):
    large.large.run(large.source(), large.model)
    large.wait()
    (first,) = label_layers(large)
    first.paint((2, 2), 7)
    monkeypatch.setattr("napari_cliptrase.engine.large_plane.encode_window", lambda *_: pytest.fail("encoded"))
    monkeypatch.setattr("napari_cliptrase.batch.large_run.measure_window", lambda *_: pytest.fail("timed"))
    large.session.prompts = large.session.prompts.added("zebra")
    large.large.run(large.source(), large.model)
    large.wait()
    assert len(label_layers(large)) == 2
    assert first.data[2, 2] == 7


def test_examples_count_in_large_images_too_while_they_are_used(large):
    large.large.run(large.source(), large.model)
    large.wait()
    (text_alone,) = label_layers(large)
    segmenter, examples = large.runner.segmenter, large.session.examples
    assert segmenter is not None
    encoding = segmenter.encode(large.image.data)
    rare = min(large.session.prompts, key=lambda entry: int((text_alone.data[...] == entry.id).sum()))
    lesson = Lesson(rare.name, encoding.features, np.ones(len(encoding.features), np.float32), image="all of it")
    memory = examples.memory(segmenter.model.fingerprint, segmenter.settings.encode_key())
    examples.teach(memory.taught([lesson]))
    large.large.run(large.source(), large.model)
    large.wait()
    taught = label_layers(large)[-1]
    assert (taught.data[...] == rare.id).mean() > 0.9 > (text_alone.data[...] == rare.id).mean()
    examples.used = False
    large.large.run(large.source(), large.model)
    large.wait()
    assert len(label_layers(large)) == 3
    np.testing.assert_array_equal(label_layers(large)[-1].data[...], text_alone.data[...])


def _noting(write, written, jobs):
    """Cancel as soon as the first part is written."""

    def noted(self, number, *rest):
        write(self, number, *rest)
        written.append(number)
        jobs[0].cancel()

    return noted


def test_cancel_keeps_what_is_done_says_so_and_the_next_run_goes_on(large, monkeypatch):
    notification_manager.records.clear()
    monkeypatch.setattr("napari_cliptrase.plugin.run.jobs.SHORTEST_WAIT", 0)  # every step is reported
    written, jobs = [], []
    monkeypatch.setattr(LabelPyramid, "write", _noting(LabelPyramid.write, written, jobs))
    job = large.large.run(large.source(), large.model)
    jobs.append(job)
    large.wait()
    assert job.superseded
    sentence = "are done and stay; press Run to go on"
    large.qtbot.waitUntil(lambda: any(sentence in record.message for record in notification_manager.records))
    monkeypatch.undo()
    monkeypatch.setattr(large_runs, "MOST_AT_FULL_DETAIL", 1)
    large.large.run(large.source(), large.model)
    large.wait()
    (layer,) = label_layers(large)  # the layer of the first part went
    assert len(written) > 0
    assert not list(large.large.folder.rglob(".cliptrase-*"))  # the run is finished
    assert layer.data.shape == large.image.data.shape[:2]


def test_a_part_gets_the_labels_of_the_whole_and_nothing_outside(large):
    large.large.run(large.source(), large.model)
    large.wait()
    (whole,) = label_layers(large)
    source = plane_source_of(large.viewer, large.image, large.session.version_of(large.image), area=Area.WHOLE)
    box = slice(10, 40), slice(20, 70)
    source = replace(source, target=replace(source.target, rows=box[0], columns=box[1]))
    assert is_large(source, large.session.settings)
    large.large.run(source, large.model)
    large.wait()
    part = label_layers(large)[-1]
    expected = np.zeros(part.data.shape, part.data.dtype)
    expected[box] = whole.data[box]
    np.testing.assert_array_equal(part.data[...], expected)


def test_windows_can_be_forgotten(large):
    large.large.run(large.source(), large.model)
    large.wait()
    large.large.forget_windows()
    assert large.large.cached_bytes == 0


def test_small_planes_are_not_large_at_other_details(large, monkeypatch):
    monkeypatch.undo()
    source = large.source()
    assert not is_large(source, replace(large.session.settings, detail=Detail.NORMAL))
    assert not is_large(source, replace(large.session.settings, detail=Detail.FULL))


@pytest.fixture
def film(bench_with, tmp_path, monkeypatch):
    """A film of three moments that count as large, the second of which is shown."""
    bench = bench_with("film", (3,))
    monkeypatch.setattr(large_runs, "MOST_AT_FULL_DETAIL", 1)
    bench.session.settings = replace(bench.session.settings, detail=Detail.FULL, resolution=None, window=64)
    bench.large = LargeRunner(bench.session, bench.runner, tmp_path / "labels")
    bench.image.scale = (2, 0.5, 0.25)
    bench.viewer.dims.set_current_step(0, 1)
    return bench


def test_the_shown_plane_of_a_stack_gets_labels_that_lie_on_it_and_can_be_painted(film):
    film.large.run(film.source(), film.model)
    film.wait()
    (layer,) = label_layers(film)
    assert layer.name.endswith("plane 1")
    assert layer.data.shape == (1, *film.image.data.shape[1:3])
    for row, column in ((0, 0), (30, 50)):
        np.testing.assert_allclose(layer.data_to_world((0, row, column)), film.image.data_to_world((1, row, column)))
    found = np.asarray(layer.data)[0]
    assert set(np.unique(found)) <= {0, *film.session.prompts.ids}
    layer.paint((0, 2, 2), 7)
    assert layer.data.array[2, 2] == 7
    layer.undo()
    np.testing.assert_array_equal(np.asarray(layer.data)[0], found)
    film.viewer.dims.set_current_step(0, 2)
    film.large.run(film.source(), film.model)
    film.wait()
    assert len(label_layers(film)) == 2
    assert not np.array_equal(np.asarray(label_layers(film)[1].data)[0], found)


def test_labels_are_shown_while_they_come(large, monkeypatch):
    monkeypatch.setattr("napari_cliptrase.plugin.run.jobs.SHORTEST_WAIT", 0)
    monkeypatch.setattr(large_runs, "SECONDS_BETWEEN_PICTURES", 0)
    shown = []

    def look(_progress):
        layers = label_layers(large)
        if layers and layers[0].name.startswith("labels so far"):
            shown.append(int((np.asarray(layers[0].data) > 0).sum()))

    job = large.large.run(large.source(), large.model)
    job.progressed.connect(look)
    large.wait()
    assert shown
    assert shown == sorted(shown)
    (layer,) = label_layers(large)
    assert layer.name.startswith("labels · ")

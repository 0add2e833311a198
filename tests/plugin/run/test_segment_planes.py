from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase import Segmenter, load_model
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Vote
from napari_cliptrase.engine import pipeline
from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.plugin.layers import Extra
from napari_cliptrase.plugin.run.segment_planes import PARTS, PlanesResult, result_of, segment_planes
from napari_cliptrase.plugin.state.plane_source import plane_source_of, planes_of
from napari_cliptrase.progress import Progress, run_to_end

TOY = f"local-dir:{Path(__file__).parents[2] / 'data' / 'golden' / 'toyclip'}"
PROMPTS = PromptSet.parse("cat\ndog\nsky")
DEPTH, SHOWN = 3, 1


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model(TOY, device="cpu"))


@pytest.fixture
def film():
    """The planes of a film of three moments."""
    blocks = np.random.default_rng(0).integers(0, 255, (DEPTH, 4, 6, 3), np.uint8)
    viewer = ViewerModel()
    image = viewer.add_image(np.kron(blocks, np.ones((1, 24, 24, 1), np.uint8)), rgb=True, name="film")
    viewer.dims.set_current_step(0, SHOWN)
    return planes_of(plane_source_of(viewer, image, 0))


def run(segmenter, planes, cached=None, extras=frozenset(), smoothing=0.0):
    """Return what was reported, and what came of it."""
    shown = planes[SHOWN] if len(planes) > SHOWN else planes[0]
    steps = segment_planes(
        segmenter,
        planes,
        shown,
        PROMPTS,
        cached=cached or {},
        model_name="toy",
        extras=extras,
        smoothing=smoothing,
    )
    reported = []
    while True:
        try:
            reported.append(next(steps))
        except StopIteration as end:
            return reported, end.value


def test_each_plane_gets_the_labels_of_its_own_pixels_in_order(segmenter, film):
    _, found = run(segmenter, film)
    assert [result.target.plane for result in found.results] == [(plane,) for plane in range(DEPTH)]
    for result, plane in zip(found.results, film, strict=True):
        assert np.array_equal(result.labels, segmenter.segment(segmenter.encode(plane.rgb()), PROMPTS).labels)


def test_smoothed_planes_are_those_of_the_engine_and_say_so(segmenter, film):
    _, alone = run(segmenter, film)
    _, found = run(segmenter, film, smoothing=0.9)
    expected = {}
    requests = (pipeline.PlaneRequest(plane.rgb(), PROMPTS) for plane in film)
    run_to_end(pipeline.segment_stack_steps(segmenter, requests, expected.__setitem__, 0.9))
    assert [result.target.plane for result in found.results] == [(plane,) for plane in range(DEPTH)]
    for number, result in enumerate(found.results):
        assert np.array_equal(result.labels, expected[number].segmentation.labels)
        assert result.provenance["smoothed along planes"] == 0.9
    assert any(
        not np.array_equal(one.labels, other.labels) for one, other in zip(alone.results, found.results, strict=True)
    )
    assert found.encoded.source.key == found.segmented.source.key == film[SHOWN].key
    assert "smoothed along planes" not in alone.results[0].provenance


def test_smoothed_planes_use_cached_encodings_and_count_in_the_progress(segmenter, film):
    _, alone = run(segmenter, film[:1])
    reported, found = run(segmenter, film, cached={film[0].key: alone.encoded}, smoothing=0.5)
    assert [segmented.source.key for segmented in found.reused] == [film[0].key]
    done = [progress.done for progress in reported if progress.text.startswith("plane ")]
    assert done == sorted(done)
    assert not any(progress.text.startswith("plane 1 of 3: encoding") for progress in reported)
    assert any(progress.text.startswith("plane 3 of 3: encoding") for progress in reported)


def test_planes_that_are_done_stay_when_smoothing_is_stopped(segmenter, film):
    found = PlanesResult()
    steps = segment_planes(
        segmenter, film, film[SHOWN], PROMPTS, cached={}, model_name="toy", found=found, smoothing=0.5
    )
    while not found.results:
        next(steps)
    steps.close()
    assert [result.target.plane for result in found.results] == [(0,)]


def test_only_the_shown_plane_keeps_its_encoding(segmenter, film):
    _, found = run(segmenter, film)
    assert found.encoded.source.key == found.segmented.source.key == film[SHOWN].key
    assert found.encoded.model_name == "toy"
    assert np.array_equal(found.encoded.rgb, film[SHOWN].rgb())
    assert found.reused == []


def test_a_cached_plane_is_not_read_or_encoded_again_and_its_result_is_kept(segmenter, film):
    _, alone = run(segmenter, film[:1])
    reported, found = run(segmenter, film, cached={film[0].key: alone.encoded})
    assert not any(progress.text.startswith("plane 1 of 3: reading") for progress in reported)
    assert any(progress.text.startswith("plane 2 of 3: reading") for progress in reported)
    assert [segmented.source.key for segmented in found.reused] == [film[0].key]
    assert np.array_equal(found.results[0].labels, alone.results[0].labels)


def test_the_shown_plane_takes_the_cached_encoding(segmenter, film):
    _, alone = run(segmenter, film[:1])
    _, again = run(segmenter, film[:1], cached={film[0].key: alone.encoded})
    assert again.encoded is alone.encoded
    assert again.reused == []


def test_the_progress_of_one_plane_is_reported_as_it_is(segmenter, film):
    reported, _ = run(segmenter, film[:1])
    assert reported[0].text == "Getting the label layers ready"
    assert reported[1].text == "Reading film"
    assert any(progress.text.startswith("encoding") for progress in reported)


def test_the_progress_of_several_planes_counts_them_and_never_goes_back(segmenter, film):
    reported, _ = run(segmenter, film)
    of_planes = [progress for progress in reported if progress.text.startswith("plane ")]
    assert {progress.text[:13] for progress in of_planes} == {f"plane {number} of {DEPTH}:" for number in (1, 2, 3)}
    assert all(progress.total == DEPTH * PARTS for progress in of_planes)
    done = [progress.done for progress in of_planes]
    assert done == sorted(done)
    assert done[-1] <= DEPTH * PARTS


def test_a_step_that_counts_again_does_not_move_the_bar_back(segmenter, film, monkeypatch):
    plain = pipeline.segment_plane_steps

    def counting_twice(*what):
        yield Progress(3, 4, "Encoding")
        yield Progress(1, 4, "Scoring")
        return (yield from plain(*what))

    monkeypatch.setattr(pipeline, "segment_plane_steps", counting_twice)
    reported, _ = run(segmenter, film)
    done = [progress.done for progress in reported if progress.text.startswith("plane ")]
    assert done == sorted(done)


def test_regions_are_found_in_the_worker_when_they_will_be_shown(segmenter, film, monkeypatch):
    without_vote = Segmenter(segmenter.model, replace(segmenter.settings, vote=Vote.OFF))  # which needs no regions
    calls = []
    monkeypatch.setattr(Encoding, "region_map", lambda encoding: calls.append(encoding))
    run(without_vote, film)
    assert calls == []
    _, found = run(without_vote, film, extras=frozenset({Extra.REGIONS}))
    assert calls == [found.encoded.encoding]


def test_what_is_written_names_the_classes_and_how_it_was_made(segmenter, film):
    _, found = run(segmenter, film[:1])
    result = result_of(found.segmented, "New scores")
    assert (result.title, result.target) == ("New scores", film[0].target)
    assert [entry.name for entry in result.table] == ["cat", "dog", "sky"]
    assert result.provenance == found.segmented.segmentation.provenance
    assert not hasattr(result, "scores")  # they take much memory, and a stack has many planes

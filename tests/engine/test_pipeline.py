"""One way from a plane to labels, for every face."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.cliptrase.options import Absent, TemplateSet
from napari_cliptrase.engine.pipeline import (
    Existing,
    PlaneRequest,
    RefineRequest,
    encode_plane_steps,
    prepare_refiner_steps,
    refine_plane_steps,
    segment_plane_steps,
)
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine import Limits, Strength, make_refiner

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PROMPTS = PromptSet.from_names("sky", "sea", "tree", "house")


@pytest.fixture(scope="module")
def segmenter():
    model = load_model(f"local-dir:{GOLDEN / 'toyclip'}", device="cpu")
    return Segmenter(model, Settings(resolution=96, templates=TemplateSet.SINGLE), text_caches=())


@pytest.fixture(scope="module")
def rgb():
    path = GOLDEN / "images" / "photo_336.png"
    return np.asarray(Image.open(path).convert("RGB"))[:360:2, :440:2]


@pytest.fixture(scope="module")
def plain(segmenter, rgb):
    return run_to_end(segment_plane_steps(segmenter, PlaneRequest(rgb, PROMPTS)))


def timeless(provenance):
    return {key: value for key, value in provenance.items() if key != "time"}


def test_a_plane_becomes_what_the_segmenter_says(segmenter, rgb, plain):
    expected = segmenter.segment(segmenter.encode(rgb), PROMPTS)
    np.testing.assert_array_equal(plain.labels, expected.labels)
    assert plain.segmentation.notes == expected.notes
    assert timeless(plain.segmentation.provenance) == timeless(expected.provenance)


def test_a_known_encoding_is_not_made_again(segmenter, rgb, plain, monkeypatch):
    monkeypatch.setattr(Segmenter, "encode_steps", None)
    again = run_to_end(segment_plane_steps(segmenter, PlaneRequest(rgb, PROMPTS, encoding=plain.encoding)))
    np.testing.assert_array_equal(again.labels, plain.labels)
    assert again.encoding is plain.encoding


@pytest.mark.parametrize("absent", list(Absent))
def test_an_encoding_for_one_use_gives_the_same_whatever_is_asked_of_absent_classes(segmenter, rgb, absent):
    asking = Segmenter(segmenter.model, replace(segmenter.settings, absent=absent), text_caches=())
    once = run_to_end(encode_plane_steps(asking, rgb, once=True))
    found = run_to_end(segment_plane_steps(asking, PlaneRequest(rgb, PROMPTS, encoding=once))).segmentation
    expected = asking.segment(asking.encode(rgb), PROMPTS)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.absent == expected.absent
    assert all((window.transition is None) == (absent is not Absent.PURIFY) for window in once.windows)


def test_an_encoding_for_one_use_that_is_asked_more_is_a_sentence(segmenter, rgb):
    once = run_to_end(encode_plane_steps(segmenter, rgb, once=True))
    with pytest.raises(CliptraseError, match="was encoded without attention"):
        segmenter.segment(once, PROMPTS, replace(segmenter.settings, absent=Absent.PURIFY))


def test_score_settings_of_a_request_go_before_those_of_the_segmenter(segmenter, rgb, plain):
    settings = replace(segmenter.settings, threshold=1.0)
    strict = run_to_end(
        segment_plane_steps(segmenter, PlaneRequest(rgb, PROMPTS, settings=settings, encoding=plain.encoding))
    )
    assert not strict.labels.any()
    assert strict.segmentation.provenance["settings"]["threshold"] == 1.0


def test_a_refinement_changes_labels_within_its_limits_and_joins_the_record(segmenter, rgb, plain):
    limits = Limits(Strength(3), frozenset({1, 2}))
    request = PlaneRequest(rgb, PROMPTS, encoding=plain.encoding, limits=limits)
    refined = run_to_end(segment_plane_steps(segmenter, request, make_refiner("superpixels", area=40)))
    changed = refined.labels != plain.labels
    assert changed.any()
    assert (np.isin(plain.labels[changed], (1, 2)) | np.isin(refined.labels[changed], (1, 2))).all()
    record = dict(refined.segmentation.provenance)
    (step,) = record.pop("refine")
    assert timeless(record) == timeless(plain.segmentation.provenance)
    assert (step["method"], step["strength"], step["classes"], step["options"]["area"]) == (
        "superpixels",
        "band:3",
        [1, 2],
        40,
    )
    assert set(plain.segmentation.notes) <= set(refined.segmentation.notes)


def test_what_is_there_already_is_met_by_the_one_rule(segmenter, rgb, plain):
    there = np.zeros(plain.labels.shape, np.uint8)
    there[:20] = 200
    request = PlaneRequest(rgb, PROMPTS, encoding=plain.encoding, existing=Existing(there, there == 200))
    kept = run_to_end(segment_plane_steps(segmenter, request))
    assert (kept.labels[:20] == 200).all()
    np.testing.assert_array_equal(kept.labels[20:], plain.labels[20:])
    np.testing.assert_array_equal(kept.segmentation.labels, plain.labels)
    replaced = replace(request, existing=Existing(there, there == 200, MergeMode.REPLACE))
    np.testing.assert_array_equal(run_to_end(segment_plane_steps(segmenter, replaced)).labels, plain.labels)


def test_ids_that_the_labels_there_cannot_hold_are_kept(segmenter, rgb, plain):
    many = PromptSet((*PROMPTS.classes[:3], replace(PROMPTS.get(4), id=300)))
    there = np.zeros(plain.labels.shape, np.uint8)
    request = PlaneRequest(rgb, many, encoding=plain.encoding, existing=Existing(there))
    assert (run_to_end(segment_plane_steps(segmenter, request)).labels == 300).any()


def test_masks_of_others_are_refined_and_get_a_record(rgb):
    labels = np.zeros(rgb.shape[:2], np.uint8)
    labels[50:120, 60:160] = 7
    prepared = run_to_end(prepare_refiner_steps(make_refiner("superpixels"), rgb))
    edited = np.zeros(labels.shape, bool)
    edited[50:60] = True
    first = run_to_end(refine_plane_steps(prepared, RefineRequest(labels, edited=edited)))
    assert (first.labels != labels).any()
    np.testing.assert_array_equal(first.labels[edited], labels[edited])
    assert [step["method"] for step in first.provenance["refine"]] == ["superpixels"]
    second = run_to_end(refine_plane_steps(prepared, RefineRequest(first.labels, provenance=first.provenance)))
    assert len(second.provenance["refine"]) == 2
    locked = run_to_end(refine_plane_steps(prepared, RefineRequest(labels, locked=frozenset({7}))))
    np.testing.assert_array_equal(locked.labels, labels)


def test_requests_and_responses_travel_to_another_process(rgb, plain):
    request = PlaneRequest(rgb, PROMPTS, encoding=plain.encoding, existing=Existing(plain.labels))
    back = pickle.loads(pickle.dumps((request, plain)))
    np.testing.assert_array_equal(back[0].rgb, rgb)
    assert back[0].prompts == PROMPTS
    assert back[0].encoding.key == plain.encoding.key
    np.testing.assert_array_equal(back[1].labels, plain.labels)


def test_work_can_be_stopped_between_two_steps(segmenter, rgb):
    steps = segment_plane_steps(segmenter, PlaneRequest(rgb, PROMPTS))
    assert next(steps).text.startswith("encoding")
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


def test_a_refinement_without_a_model_imports_no_torch():
    code = "import sys, napari_cliptrase.engine.pipeline as p; from napari_cliptrase.refine import make_refiner; "
    code += "make_refiner('superpixels'); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]

"""From a picture on disk to labels on disk, told before, stopped in between, and as good as its parts."""

from types import SimpleNamespace

import numpy as np
import pytest
import zarr

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.batch import large_run
from napari_cliptrase.batch.large_run import LargeRun, estimate_large, prepare_large_run, refuse_large, run_key
from napari_cliptrase.demo.panorama import Panorama
from napari_cliptrase.engine.pipeline import LargeRequest
from napari_cliptrase.engine.window_cache import WindowCache
from napari_cliptrase.errors import CliptraseError, MaskFormatError
from napari_cliptrase.learn.lesson import Lesson
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.masks.label_pyramid import PyramidPlace
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.lazy_picture import open_picture
from napari_cliptrase.progress import run_to_end

PROMPTS = PromptSet.parse("grass\nsky: cloud\ntree\nsea\nbackground: road")
SIDE = 700


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model("demo", device="cpu"), Settings(detail="full", window=224), text_caches=())


@pytest.fixture(scope="module")
def picture():
    return open_picture(Panorama(5, (2048, 2048))[600 : 600 + SIDE, :SIDE], AxisRoles("YXS"))


def start(segmenter, picture, root):
    return prepare(segmenter, LargeRequest(picture, PROMPTS), root).run


def prepare(segmenter, request, root, **choices):
    shape = request.picture.shape
    return prepare_large_run(segmenter, request, "scan", lambda _key: PyramidPlace(root, shape, shape), **choices)


@pytest.fixture(scope="module")
def whole(segmenter, picture, tmp_path_factory):
    root = tmp_path_factory.mktemp("whole") / "a.zarr"
    run_to_end(start(segmenter, picture, root).steps())
    return zarr.open_array(root / "0")[...]


def test_a_run_that_is_stopped_again_and_again_ends_with_the_same_labels(segmenter, picture, whole, tmp_path):
    stops = 0
    while True:
        run = start(segmenter, picture, tmp_path / "a.zarr")
        before = run.pyramid.finished
        steps = run.steps()
        ended = False
        for number, _ in enumerate(steps):
            if number == 14 and not stops >= 3:
                break
        else:
            ended = True
        steps.close()
        if ended:
            break
        after = start(segmenter, picture, tmp_path / "a.zarr").pyramid.finished
        assert before < after
        stops += 1
    assert stops == 3
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "a.zarr" / "0")[...], whole)


def test_the_estimate_counts_windows_and_names_time_memory_and_disk(segmenter, picture):
    plan = segmenter.plan_large(picture.shape)
    cores = plan.cores_in(None)
    expected = estimate_large(segmenter, plan, cores)
    assert expected.windows == len(plan.windows)
    assert expected.seconds > 0
    assert expected.disk[1] >= SIDE * SIDE
    assert f"{len(plan.windows)} windows, about" in expected.describe()
    one = estimate_large(segmenter, plan, cores[:1])
    assert one.windows < expected.windows
    assert estimate_large(segmenter, plan, []).windows == 0


def test_windows_that_are_known_are_not_counted_and_none_is_timed(segmenter, picture, tmp_path, monkeypatch):
    cache = WindowCache()
    request = LargeRequest(picture, PROMPTS, identity="scan")
    run_to_end(prepare(segmenter, request, tmp_path / "a.zarr", cache=cache).run.steps())
    assert prepare(segmenter, LargeRequest(picture, PROMPTS), tmp_path / "b.zarr", cache=cache).expected.windows > 0
    monkeypatch.setattr(large_run, "measure_window", lambda *_: pytest.fail("timed"))
    again = prepare(segmenter, request, tmp_path / "c.zarr", cache=cache)
    assert again.expected.windows == 0
    assert len(again.cores) > 0


def test_what_cannot_fit_is_refused_with_advice(segmenter, picture, tmp_path, monkeypatch):
    plan = segmenter.plan_large(picture.shape)
    expected = estimate_large(segmenter, plan, plan.cores_in(None))
    refuse_large(expected, tmp_path / "not" / "there")
    monkeypatch.setattr(large_run, "free_memory", lambda: expected.memory - 1)
    with pytest.raises(CliptraseError, match="choose detail full"):
        refuse_large(expected, tmp_path)
    monkeypatch.setattr(large_run, "free_memory", lambda: None)
    monkeypatch.setattr(large_run.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(CliptraseError, match="write them to another disk"):
        refuse_large(expected, tmp_path)


def test_what_cannot_fit_is_refused_before_a_window_is_encoded(segmenter, picture, tmp_path, monkeypatch):
    monkeypatch.setattr(large_run, "free_memory", lambda: 1)
    with pytest.raises(CliptraseError, match="choose detail full"):
        prepare(segmenter, LargeRequest(picture, PROMPTS), tmp_path / "a.zarr")


def test_a_refused_run_leaves_no_folder_and_the_labels_that_it_would_have_replaced(
    segmenter, picture, tmp_path, monkeypatch
):
    request = LargeRequest(picture, PROMPTS)
    prepare(segmenter, request, tmp_path / "old.zarr")
    before = {path: path.read_bytes() for path in (tmp_path / "old.zarr").rglob("*") if path.is_file()}
    monkeypatch.setattr(large_run, "free_memory", lambda: 1)
    for name, overwrite in (("new.zarr", False), ("old.zarr", True)):
        with pytest.raises(CliptraseError, match="choose detail full"):
            prepare(segmenter, request, tmp_path / name, overwrite=overwrite)
    assert not (tmp_path / "new.zarr").exists()
    assert {path: path.read_bytes() for path in (tmp_path / "old.zarr").rglob("*") if path.is_file()} == before


def test_another_question_does_not_go_on_with_an_unfinished_run(segmenter, picture, tmp_path):
    first = prepare(segmenter, LargeRequest(picture, PROMPTS), tmp_path / "a.zarr")
    first.run.pyramid.note_empty(first.cores[0])
    again = prepare(segmenter, LargeRequest(picture, PROMPTS), tmp_path / "a.zarr")
    assert list(again.cores) == list(first.cores)[1:]
    assert again.run.request.finished == {first.cores[0]}
    with pytest.raises(MaskFormatError, match="holds an unfinished run"):
        prepare(segmenter, LargeRequest(picture, PromptSet.parse("cat")), tmp_path / "a.zarr")


def test_keys_tell_runs_apart(segmenter):
    other = Segmenter(segmenter.model, Settings(detail="full"), text_caches=())
    box = (slice(0, 5), slice(0, 9))
    keys = {
        run_key(segmenter, PROMPTS, "a"), run_key(other, PROMPTS, "a"), run_key(segmenter, PROMPTS, "b"),
        run_key(segmenter, PromptSet.parse("cat"), "a"), run_key(segmenter, PROMPTS, "a", box),
        run_key(segmenter, PROMPTS, "a", skip_empty=True),
    }  # fmt: skip
    empty = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())
    taught = empty.taught([Lesson("tree", np.eye(4, dtype=np.float32)[:2], np.ones(2, np.float32), image="a")])
    keys.add(run_key(segmenter, PROMPTS, "a", examples=taught))
    assert len(keys) == 7
    assert run_key(segmenter, PROMPTS, "a", examples=empty) == run_key(segmenter, PROMPTS, "a")
    assert run_key(segmenter, PROMPTS, "a") in keys


def test_a_box_with_a_mask_gets_labels_inside_of_it_only(segmenter, picture, whole, tmp_path):
    box, mask = (slice(100, 300), slice(200, 500)), np.zeros((200, 300), bool)
    mask[50:, :200] = True
    plain = start(segmenter, picture, tmp_path / "a.zarr")
    request = LargeRequest(picture, PROMPTS, box=box)
    run_to_end(LargeRun(segmenter, request, plain.pyramid, mask=mask).steps())
    expected = np.zeros_like(whole)
    expected[box] = np.where(mask, whole[box], 0)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "a.zarr" / "0")[...], expected)

"""Files through a segmenter: whatever happens to one, the rest goes on."""

import errno
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.batch import segment_files as module
from napari_cliptrase.batch.input_file import Failure, Input
from napari_cliptrase.batch.segment_files import SegmentedFile, SegmentRequest, as_data, segment_files
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.errors import Cancelled, CliptraseError
from napari_cliptrase.masks.registry import FORMATS

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PROMPTS = PromptSet.parse("sky\nsea: water")


@pytest.fixture(scope="module")
def segmenter():
    settings = Settings(resolution=96, templates=TemplateSet.SINGLE)
    return Segmenter(load_model(f"local-dir:{GOLDEN / 'toyclip'}", device="cpu"), settings, text_caches=())


@pytest.fixture
def request_(segmenter, tmp_path):
    return SegmentRequest(segmenter, PROMPTS, tmp_path / "out")


@pytest.fixture
def inputs(tmp_path):
    scene = np.asarray(Image.open(GOLDEN / "images" / "photo_336.png").convert("RGB"))[:80, :110]
    for name in ("a", "b"):
        Image.fromarray(scene).save(tmp_path / f"{name}.png")
    return [Input(tmp_path / f"{name}.png", name) for name in ("a", "b")]


def run(request, inputs, watch=lambda progress: None):
    return list(segment_files(request, inputs, watch))


def test_a_mask_an_overlay_and_a_record_for_each_image(request_, inputs):
    done = run(request_, inputs)
    assert [file.size for file in done] == [(110, 80)] * 2
    for name, file in zip("ab", done, strict=True):
        assert (request_.out / f"{name}.png").is_file()
        assert (request_.out / "overlays" / f"{name}.jpg").is_file()
        assert (request_.out / file.record).is_file()
        (mask,) = FORMATS["png"].read(request_.out / f"{name}.png")
        counted = {entry.id: entry.pixels for entry in file.planes[0].classes}
        values, pixels = np.unique(mask.labels, return_counts=True)
        assert {value: count for value, count in counted.items() if count} == dict(
            zip(values.tolist(), pixels.tolist(), strict=True)
        )


def test_what_is_not_wanted_is_not_written(request_, inputs):
    run(replace(request_, overlay=False), inputs)
    assert not (request_.out / "overlays").exists()
    assert not (request_.out / "scores").exists()


def test_what_was_done_is_data_for_a_program(request_, inputs):
    (first, _) = run(request_, inputs)
    data = json.loads(json.dumps(as_data(first)))
    assert (data["image"], data["width"], data["height"]) == (str(inputs[0].path), 110, 80)
    assert data["planes"][0]["mask"] == "a.png"
    assert {entry["name"] for entry in data["planes"][0]["classes"]} >= {"sky", "sea"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CliptraseError("it holds nothing."), "it holds nothing."),
        (MemoryError(), "There is not enough memory"),
        (OSError(errno.ENOSPC, "No space left on device", "/disk/a.png"), "/disk/a.png: No space left on device."),
        (ValueError("two\nlines"), "Unexpected ValueError: two lines"),
    ],
)
def test_an_error_is_one_line_with_its_image_and_the_next_one_is_done(request_, inputs, monkeypatch, error, reason):
    read = module.read_image

    def broken(path):
        if path == inputs[0].path:
            raise error
        return read(path)

    monkeypatch.setattr(module, "read_image", broken)
    failed, done = run(request_, inputs)
    assert isinstance(failed, Failure)
    assert failed.source == str(inputs[0].path)
    assert reason in failed.reason
    assert "\n" not in failed.reason
    assert isinstance(done, SegmentedFile)


def test_the_name_of_an_image_is_reported_once(request_, inputs):
    inputs[0].path.write_bytes(b"no image")
    failed, _ = run(request_, inputs)
    assert str(inputs[0].path) not in failed.reason


def test_cancel_ends_it(request_, inputs):
    def stop(progress):
        raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        run(request_, inputs, stop)
    assert not (request_.out / "a.png").exists()


def test_a_mask_never_replaces_an_input(request_, inputs, tmp_path):
    before = inputs[0].path.read_bytes()
    for overwrite in (False, True):
        failed, _ = run(replace(request_, out=tmp_path, overwrite=overwrite), inputs)
        assert "would overwrite the input" in failed.reason
        assert inputs[0].path.read_bytes() == before


def test_an_overlay_never_replaces_an_input(request_, inputs):
    (request_.out / "overlays").mkdir(parents=True)
    picture = request_.out / "overlays" / "a.jpg"
    Image.new("RGB", (110, 80), "red").save(picture)
    before = picture.read_bytes()
    first, _ = run(request_, [inputs[0], Input(picture, "other")])
    assert picture.read_bytes() == before
    assert first.planes[0].overlay == "overlays/a_overlay.jpg"
    assert (request_.out / first.planes[0].overlay).is_file()


def test_an_image_gets_its_labels_while_the_next_one_is_encoded(request_, inputs, monkeypatch):
    """Without overlap nothing goes on."""
    both = threading.Barrier(2, timeout=60)
    encode, segment = module.encode_plane_steps, module.segment_plane_steps
    encoded, labelled = [], []

    def meet_first(*args, **kwargs):
        encoded.append(args)
        if len(encoded) == 2:
            both.wait()
        return encode(*args, **kwargs)

    def meet_second(*args):
        labelled.append(args)
        if len(labelled) == 1:
            both.wait()
        return segment(*args)

    monkeypatch.setattr(module, "encode_plane_steps", meet_first)
    monkeypatch.setattr(module, "segment_plane_steps", meet_second)
    assert all(isinstance(file, SegmentedFile) for file in run(request_, inputs))


def test_a_mask_that_somebody_changed_is_kept_unless_it_may_be_overwritten(request_, inputs):
    run(request_, inputs)
    mask = request_.out / "a.png"
    Image.new("L", (110, 80), 1).save(mask)
    before = mask.read_bytes()
    failed, done = run(request_, inputs)
    assert isinstance(failed, Failure)
    assert isinstance(done, SegmentedFile)
    assert mask.read_bytes() == before
    run(replace(request_, overwrite=True), inputs)
    assert mask.read_bytes() != before

"""One image of a batch: every plane of it, and by what a run is known again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_cliptrase import Segmenter, load_model
from napari_cliptrase.batch.image_work import ImageWorker, RunSetup
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.refine.methods import Method


@pytest.mark.parametrize(
    "other",
    [
        lambda setup: replace(setup, prompts=setup.prompts.renamed(1, "cloud")),
        lambda setup: replace(setup, prompts=setup.prompts.replaced(1, threshold=0.5)),
        lambda setup: replace(setup, prompts=setup.prompts.with_background("fog")),
        lambda setup: replace(setup, settings=replace(setup.settings, threshold=0.5)),
        lambda setup: replace(setup, precision="bf16"),
        lambda setup: replace(setup, model="demo"),
        lambda setup: replace(setup, refine=Method.SUPERPIXELS),
        lambda setup: replace(setup, planes="Z=1-2"),
        lambda setup: replace(setup, smoothing=0.3),
    ],
)
def test_a_run_that_gives_other_labels_is_another_one(setup: RunSetup, other: Callable[[RunSetup], RunSetup]) -> None:
    assert other(setup).run() != setup.run()


@pytest.mark.parametrize(
    "other",
    [
        lambda setup: replace(setup, prompts=setup.prompts.replaced(1, color="#123456")),
        lambda setup: replace(setup, prompts=setup.prompts.moved(3, 0)),
        lambda setup: replace(setup, device="auto"),
        lambda setup: replace(setup, sam="vit_b"),  # nothing is refined
    ],
)
def test_a_run_that_gives_the_same_labels_is_the_same(setup: RunSetup, other: Callable[[RunSetup], RunSetup]) -> None:
    assert other(setup).run() == setup.run()


def test_the_sam_counts_where_one_refines(setup: RunSetup) -> None:
    refined = replace(setup, refine=Method.SAM_VOTE)
    assert replace(refined, sam="vit_b").run() != refined.run()


def test_every_plane_is_segmented_and_the_uncertainty_is_their_mean(
    tmp_path: Path, setup: RunSetup, worker: ImageWorker
) -> None:
    stack = np.random.default_rng(0).integers(0, 256, (2, 3, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "s.tif", stack, metadata={"axes": "TZYX"})
    image = read_image(tmp_path / "s.tif")
    said: list[Progress] = []
    result = worker.segment(image, said.append)
    assert sorted(result.labels) == [(t, z) for t in range(2) for z in range(3)]
    segmenter = Segmenter(load_model(setup.model, device="cpu"), setup.settings, text_caches=())
    planes = {index: segmenter.segment(segmenter.encode(image.rgb(index)), setup.prompts) for index in result.labels}
    for index, plane in planes.items():
        assert np.array_equal(result.labels[index], plane.labels)
    assert result.uncertainty == pytest.approx(np.mean([plane.uncertainty for plane in planes.values()]), rel=1e-5)
    for class_id, score in result.scores.items():
        found = [
            (entry.pixels, entry.mean_score)
            for plane in planes.values()
            for entry in plane.summary()
            if entry.id == class_id and entry.pixels
        ]
        pixels, means = map(np.array, zip(*found, strict=True))
        assert score == pytest.approx((pixels * means).sum() / pixels.sum(), rel=1e-5)
    assert set(result.scores) == {int(i) for labels in result.labels.values() for i in np.unique(labels)} - {0}
    assert said
    assert len(set(result.notes)) == len(result.notes)


def test_boundaries_are_refined_where_that_is_asked_for(pictures: Callable[..., Path], setup: RunSetup) -> None:
    image = read_image(pictures("one", 1) / "0000.png")
    plain = run_to_end(ImageWorker.load_steps(setup)).segment(image)
    refined = run_to_end(ImageWorker.load_steps(replace(setup, refine=Method.SUPERPIXELS))).segment(image)
    assert not np.array_equal(plain.labels[()], refined.labels[()])


def test_planes_that_are_asked_for_are_smoothed_along_them(tmp_path: Path, setup: RunSetup) -> None:
    stack = np.random.default_rng(0).integers(0, 256, (5, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "s.tif", stack, metadata={"axes": "ZYX"})
    image = read_image(tmp_path / "s.tif")
    plain, smooth = (
        run_to_end(ImageWorker.load_steps(replace(setup, planes="1-3", smoothing=share))).segment(image)
        for share in (0.0, 0.9)
    )
    assert sorted(plain.labels) == sorted(smooth.labels) == [(1,), (2,), (3,)]
    assert any((plain.labels[index] != smooth.labels[index]).any() for index in plain.labels)

"""The figures against those of torchmetrics and of Cityscapes' own scripts, where all mean the same.

Both average over classes that were found but never are in the truth, which the field's benchmarks do not: the means are
compared where every class occurs. Cityscapes' scripts score files of one kind of label image; torchmetrics has no
frequency-weighted IoU.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from napari_cliptrase.evaluate.benchmark_scores import BenchmarkScores
from napari_cliptrase.evaluate.class_counts import ImageCounts, RunningCounts
from napari_cliptrase.evaluate.datasets.truth_codes import (
    CITYSCAPES_NUMBERS,
    CITYSCAPES_UNSCORED,
    VOID,
    TruthCode,
)
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED

CLASSES = 7


def scored(images: list[tuple[np.ndarray, np.ndarray]], classes: int) -> RunningCounts:
    total = RunningCounts.empty([f"class {index}" for index in range(classes)])
    for truth, found in images:
        total.add(ImageCounts.of(truth.astype(np.int32), found.astype(np.int32), classes))
    return total


@pytest.fixture(scope="module")
def images() -> list[tuple[np.ndarray, np.ndarray]]:
    """Four images with void pixels, mostly right."""
    rng = np.random.default_rng(5)
    made = []
    for _ in range(4):
        truth = rng.integers(0, CLASSES, (6, 8)).repeat(5, 0).repeat(5, 1)
        found = np.where(rng.random(truth.shape) < 0.7, truth, rng.integers(0, CLASSES, truth.shape))
        made.append((np.where(rng.random(truth.shape) < 0.1, UNCOUNTED, truth), found))
    return made


def test_torchmetrics_computes_the_same(images: list[tuple[np.ndarray, np.ndarray]]) -> None:
    classification = pytest.importorskip("torchmetrics.classification", reason="a test dependency")
    iou = classification.MulticlassJaccardIndex(CLASSES, average=None, ignore_index=UNCOUNTED)
    mean_iou = classification.MulticlassJaccardIndex(CLASSES, average="macro", ignore_index=UNCOUNTED)
    accuracy = classification.MulticlassAccuracy(CLASSES, average="micro", ignore_index=UNCOUNTED)
    mean_accuracy = classification.MulticlassAccuracy(CLASSES, average="macro", ignore_index=UNCOUNTED)
    confusion = classification.MulticlassConfusionMatrix(CLASSES, ignore_index=UNCOUNTED)
    for truth, found in images:
        for metric in (iou, mean_iou, accuracy, mean_accuracy, confusion):
            metric.update(torch.from_numpy(found), torch.from_numpy(truth))

    counts = scored(images, CLASSES)
    ours, by_class = BenchmarkScores.of(counts.by_class), counts.by_class
    assert np.array_equal(counts.pixels[:CLASSES, :CLASSES], confusion.compute().numpy())
    either = by_class.true + by_class.found - by_class.hit
    assert by_class.hit / either == pytest.approx(iou.compute().numpy(), abs=1e-6)
    assert ours.mean_iou == pytest.approx(float(mean_iou.compute()), abs=1e-6)
    assert ours.pixel_accuracy == pytest.approx(float(accuracy.compute()), abs=1e-6)
    assert ours.mean_accuracy == pytest.approx(float(mean_accuracy.compute()), abs=1e-6)


def test_the_scripts_of_cityscapes_compute_the_same(tmp_path) -> None:
    scripts = pytest.importorskip(
        "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling", reason="a test dependency"
    )
    rng = np.random.default_rng(8)
    numbers = np.asarray(sorted(CITYSCAPES_NUMBERS))
    arguments = SimpleNamespace(evalInstLevelScore=False, evalPixelAccuracy=False, evalLabels=[])
    matrix = scripts.generateMatrix(arguments)
    code, images = TruthCode(table=CITYSCAPES_NUMBERS, void=CITYSCAPES_UNSCORED), []
    for number in range(3):
        truth = rng.integers(0, 34, (12, 16)).astype(np.uint8).repeat(4, 0)  # void ones as well
        scored_ones = np.isin(truth, numbers)
        keep = scored_ones & (rng.random(truth.shape) < 0.6)
        found = np.where(keep, truth, rng.choice(numbers, truth.shape)).astype(np.uint8)
        paths = [tmp_path / f"{number}_{kind}.png" for kind in ("found", "gtFine_labelIds")]
        for path, labels in zip(paths, (found, truth), strict=True):
            Image.fromarray(labels).save(path)
        scripts.evaluatePair(*map(str, paths), matrix, {}, {}, arguments)
        decoded, beyond = code.decode(np.asarray(Image.open(paths[1])), len(numbers))
        assert not beyond
        images.append((np.where(decoded == VOID, UNCOUNTED, decoded), code.decode(found, len(numbers))[0]))

    theirs = {int(label): scripts.getIouScoreForLabel(int(label), matrix, arguments) for label in numbers}
    counts = scored(images, len(numbers)).by_class
    assert counts.hit / (counts.true + counts.found - counts.hit) == pytest.approx(list(theirs.values()), abs=1e-12)
    assert BenchmarkScores.of(counts).mean_iou == pytest.approx(scripts.getScoreAverage(theirs, arguments), abs=1e-12)

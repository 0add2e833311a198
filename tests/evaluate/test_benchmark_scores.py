"""Figures of benchmarks, against numbers that the published code of CLIPtrase printed for the same labels."""

import json
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.evaluate.benchmark_scores import BenchmarkScores
from napari_cliptrase.evaluate.class_counts import ClassCounts
from napari_cliptrase.evaluate.confusion import Confusion

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "metric"
VOID = 255


def golden(name: str) -> tuple[Confusion, dict[str, float]]:
    with np.load(GOLDEN / f"{name}.npz") as case:
        classes = int(case["classes"])
        confusion = Confusion.of([f"class {i}" for i in range(classes)])
        for i in range(int(case["count"])):
            confusion.add(case[f"truth_{i}"], case[f"prediction_{i}"], void=VOID if classes <= VOID else None)
        return confusion, json.loads(str(case["result"]))


def counts(confusion: Confusion) -> ClassCounts:
    return ClassCounts.of(confusion.pixels, len(confusion.names))


@pytest.mark.parametrize("name", ["voc20", "pc60", "ade847", "absent"])
def test_published_figures_are_reproduced_to_the_last_digit_that_is_printed(name: str):
    confusion, expected = golden(name)
    scores = BenchmarkScores.as_published(counts(confusion))
    assert round(100 * scores.pixel_accuracy, 2) == expected["pAcc"]
    assert round(100 * scores.mean_accuracy, 2) == expected["mAcc"]
    assert round(100 * scores.frequency_weighted_iou, 2) == expected["fwIoU"]
    assert round(100 * scores.mean_iou, 2) == expected["mIoU"]


def test_a_class_that_is_not_in_the_truth_lowers_only_the_published_mean_accuracy():
    confusion, _ = golden("absent")
    field, published = BenchmarkScores.of(counts(confusion)), BenchmarkScores.as_published(counts(confusion))
    present = (confusion.true_pixels > 0).mean()
    assert present < 1
    assert published.mean_accuracy == pytest.approx(field.mean_accuracy * present, abs=1e-4)
    assert published.mean_iou == pytest.approx(field.mean_iou, abs=1e-4)


def test_all_right_is_one_and_no_image_is_nothing():
    confusion = Confusion.of(["a", "b", "c"])
    assert BenchmarkScores.of(counts(confusion)) == BenchmarkScores(0, 0, 0, 0)
    assert BenchmarkScores.as_published(counts(confusion)) == BenchmarkScores(0, 0, 0, 0)
    labels = np.array([[0, 1, 1]])
    confusion.add(labels, labels)
    assert BenchmarkScores.of(counts(confusion)) == BenchmarkScores(1, 1, 1, 1)

"""Classes, words and masks of a benchmark in both protocols."""

import numpy as np
import pytest

from napari_cliptrase.evaluate.datasets.benchmark import names_in
from napari_cliptrase.evaluate.datasets.benchmark_list import BENCHMARKS
from napari_cliptrase.evaluate.datasets.truth_codes import BEYOND, OTHER_CLASS, VOID
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED

PAPER, FULL = EvaluationProtocol.PAPER, EvaluationProtocol.FULL
COUNTS = {"voc20": 20, "voc21": 21, "pc59": 59, "pc60": 60, "ade150": 150, "coco171": 171, "coco80": 81,
          "cityscapes": 19, "pc459": 459, "adefull": 847}  # fmt: skip


@pytest.mark.parametrize("key", BENCHMARKS)
def test_the_classes_are_as_many_as_the_benchmark_is_called_for(key: str) -> None:
    assert len(BENCHMARKS[key].classes) == COUNTS[key]


@pytest.mark.parametrize("protocol", [PAPER, FULL])
@pytest.mark.parametrize("key", BENCHMARKS)
def test_a_label_of_the_words_is_the_class_of_that_place(key: str, protocol: EvaluationProtocol) -> None:
    benchmark = BENCHMARKS[key]
    vocabulary = benchmark.vocabulary(protocol)
    named = len(benchmark.published_names)
    ids = np.array([[entry.id for entry in vocabulary.prompts.classes[:named]]])
    np.testing.assert_array_equal(vocabulary.indices_of(ids), [range(named)])
    if benchmark.background is not None:
        assert vocabulary.indices_of(np.array([[0]])).tolist() == [[len(benchmark.classes) - 1]]


def test_the_paper_asks_for_the_published_names_alone() -> None:
    prompts = BENCHMARKS["voc20"].vocabulary(PAPER).prompts
    assert [entry.phrases for entry in prompts] == [(name,) for name in names_in("voc20")]


@pytest.mark.parametrize(
    ("key", "protocol", "truth"),
    [
        ("voc20", FULL, [0, UNCOUNTED, UNCOUNTED, UNCOUNTED]),
        ("voc20", PAPER, [0, UNCOUNTED, UNCOUNTED, UNCOUNTED]),
        ("voc21", FULL, [0, UNCOUNTED, 20, UNCOUNTED]),
        ("voc21", PAPER, [0, 20, 20, UNCOUNTED]),
    ],
)
def test_what_belongs_to_no_class_is_scored_where_there_is_a_background(
    key: str, protocol: EvaluationProtocol, truth: list[int]
) -> None:
    codes = np.array([[0, VOID, OTHER_CLASS, BEYOND]], np.int32)
    assert BENCHMARKS[key].truth(codes, protocol).tolist() == [truth]


def test_stuff_is_background_for_coco_80_and_the_published_code_drops_most_of_it() -> None:
    codes = np.array([[79, 80, 81, 170]], np.int32)
    assert BENCHMARKS["coco80"].truth(codes, FULL).tolist() == [[79, 80, 80, 80]]
    assert BENCHMARKS["coco80"].truth(codes, PAPER).tolist() == [[79, 80, UNCOUNTED, UNCOUNTED]]

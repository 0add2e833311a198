import pytest

from napari_cliptrase.evaluate.datasets.benchmark_list import BENCHMARKS
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol

SIZES = {
    "voc20": 20, "voc21": 20, "pc59": 59, "pc60": 59, "pc459": 459, "ade150": 150, "adefull": 847, "coco171": 171,
    "coco80": 80, "cityscapes": 19,
}  # fmt: skip


def test_the_nine_of_the_paper_and_cityscapes_have_their_classes() -> None:
    assert {key: len(benchmark.published_names) for key, benchmark in BENCHMARKS.items()} == SIZES
    for benchmark in BENCHMARKS.values():
        names = [name.casefold() for name in benchmark.published_names]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("key", BENCHMARKS)
def test_the_words_that_are_asked_for_stand_in_the_order_of_the_classes(key: str) -> None:
    benchmark = BENCHMARKS[key]
    words = benchmark.vocabulary(EvaluationProtocol.FULL).prompts
    assert len(words) == SIZES[key]
    for name, entry in zip(benchmark.published_names, words, strict=True):
        letters = {_letters(phrase) for phrase in entry.phrases} | {_letters(p) + "receiver" for p in entry.phrases}
        parts = [_letters(part) for part in name.replace("-", ",").split(",")]
        assert any(part in phrase for phrase in letters for part in parts), (name, entry.phrases)


def test_the_paper_asks_for_its_own_names_with_their_slips() -> None:
    words = BENCHMARKS["voc21"].vocabulary(EvaluationProtocol.PAPER).prompts
    assert "beachhill" in words.background
    assert words.classes[10].phrases == ("diningtable",)
    full = BENCHMARKS["adefull"].vocabulary(EvaluationProtocol.PAPER).prompts
    assert full.classes[1].phrases == ("building, edifice",)
    assert len(BENCHMARKS["coco80"].vocabulary(EvaluationProtocol.PAPER).prompts.background) == 107


def test_background_is_the_last_class() -> None:
    for key in ("voc21", "pc60", "coco80"):
        benchmark = BENCHMARKS[key]
        assert benchmark.classes[-1] == "background"
        for protocol in EvaluationProtocol:
            vocabulary = benchmark.vocabulary(protocol)
            assert vocabulary.indices[0] == len(benchmark.classes) - 1
            assert vocabulary.prompts.background


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())

"""Figures of others stand beside one's own only where they are about the same thing."""

import pytest

from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol
from napari_cliptrase.evaluate.published_figures import published_figures

PAPER, FULL = EvaluationProtocol.PAPER, EvaluationProtocol.FULL


def test_figures_of_the_paper_are_those_of_its_size() -> None:
    assert published_figures("voc20", PAPER, 224, "cliptrase")["mIoU"] == 80.95
    assert published_figures("voc20", PAPER, 336, "cliptrase")["mIoU"] == 81.2


def test_figures_of_the_full_protocol_are_for_any_size() -> None:
    assert published_figures("voc20", FULL, 336, "naclip") == published_figures("voc20", FULL, 448, "naclip")
    assert published_figures("voc20", FULL, 336, "naclip")["mIoU"] == 79.7


@pytest.mark.parametrize(
    ("key", "protocol", "size", "row"),
    [("voc20", PAPER, 448, "cliptrase"), ("voc20", PAPER, 224, "naclip"), ("mine", FULL, 336, "naclip")],
)
def test_where_nothing_is_known_there_is_nothing(key: str, protocol: EvaluationProtocol, size: int, row: str) -> None:
    assert published_figures(key, protocol, size, row) == {}

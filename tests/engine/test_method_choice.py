import pytest

from napari_cliptrase.cliptrase.options import PositionKernel, Vote
from napari_cliptrase.engine.method_choice import MethodChoice, method_choice_of
from napari_cliptrase.engine.settings import Detail, Settings


def test_the_defaults_are_what_is_recommended():
    assert method_choice_of(Settings()) is MethodChoice.RECOMMENDED


def test_a_choice_leaves_detail_threshold_and_sentences():
    mine = Settings(detail=Detail.FINE, threshold=0.3, templates="short", vote=Vote.SOFT)
    chosen = MethodChoice.PUBLISHED.applied(mine)
    assert (chosen.vote, chosen.protect, chosen.kernel) == (Vote.HARD, 1.0, PositionKernel.PAPER)
    assert (chosen.detail, chosen.threshold, chosen.templates) == (mine.detail, 0.3, mine.templates)


@pytest.mark.parametrize("choice", MethodChoice)
def test_a_choice_is_known_again_until_a_single_choice_differs(choice):
    settings = choice.applied(Settings(detail=Detail.COARSE))
    assert method_choice_of(settings) is choice
    assert method_choice_of(Settings(recovery="naclip")) is None

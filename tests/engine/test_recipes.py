import pytest

from napari_cliptrase.cliptrase.options import PositionKernel, Vote
from napari_cliptrase.engine.recipes import Recipe, recipe_of
from napari_cliptrase.engine.settings import Detail, Settings


def test_the_defaults_are_what_is_recommended():
    assert recipe_of(Settings()) is Recipe.RECOMMENDED


def test_a_recipe_leaves_detail_threshold_and_sentences():
    mine = Settings(detail=Detail.FINE, threshold=0.3, templates="short", vote=Vote.SOFT)
    chosen = Recipe.PUBLISHED.applied(mine)
    assert (chosen.vote, chosen.protect, chosen.kernel) == (Vote.HARD, 1.0, PositionKernel.PAPER)
    assert (chosen.detail, chosen.threshold, chosen.templates) == (mine.detail, 0.3, mine.templates)


@pytest.mark.parametrize("recipe", Recipe)
def test_a_recipe_is_known_again_until_a_single_choice_differs(recipe):
    settings = recipe.applied(Settings(detail=Detail.COARSE))
    assert recipe_of(settings) is recipe
    assert recipe_of(Settings(recovery="naclip")) is None

import numpy as np
import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Absent, Denoise, Recovery, Vote
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.evaluation_rows import (
    LADDER,
    METHOD_CHANGES,
    PEERS,
    EvaluationProtocol,
    Vocabulary,
    row,
    rows_of,
)
from napari_cliptrase.refine.methods import Method

WORDS = Vocabulary.of(PromptSet.parse("cat; dog"), 2)
PAPER = EvaluationProtocol.PAPER.settings(336)


def test_labels_become_indices_and_strangers_become_nothing() -> None:
    prompts = PromptSet.from_names("cat", "dog", "zebra")
    plain = Vocabulary.of(prompts, 2)
    assert plain.indices_of(np.array([[0, 1, 2, 3]])).tolist() == [[2, 0, 1, 2]]
    grounded = Vocabulary.of(PromptSet.parse("cat; dog; background: wall"), 3, background=True)
    assert grounded.indices_of(np.array([[0, 1, 2]])).tolist() == [[2, 0, 1]]


def test_protocols_set_the_published_values_on_a_square_or_on_the_whole_image() -> None:
    assert Settings.paper(336) == PAPER
    full = EvaluationProtocol.FULL.settings(560)
    assert (full.crop, full.resolution, full.protect, full.vote) == (False, 560, 1.0, Vote.HARD)


def test_the_ladder_adds_a_step_at_a_time_and_peers_have_no_regions() -> None:
    vanilla, recovered, voted, whole = (row(name, PAPER, WORDS).settings for name in LADDER)
    assert (vanilla.recovery, vanilla.vote) == (Recovery.VANILLA, Vote.OFF)
    assert (recovered.recovery, recovered.vote) == (Recovery.CLIPTRASE, Vote.OFF)
    assert (voted.vote, voted.denoise) == (Vote.HARD, Denoise.NONE)
    assert whole == PAPER
    for name in PEERS:
        settings = row(name, PAPER, WORDS).settings
        assert (settings.recovery, settings.vote) == (Recovery(name), Vote.OFF)
    assert len({repr(change(PAPER)) for change in METHOD_CHANGES.values()}) == len(METHOD_CHANGES)


def test_additions_follow_a_colon() -> None:
    made = row("sc-clip:purify:hard-vote:superpixels", PAPER, WORDS)
    assert made.settings.recovery is Recovery.SC_CLIP
    assert made.settings.absent is Absent.PURIFY
    assert made.settings.vote is Vote.HARD
    assert made.refine is Method.SUPERPIXELS


def test_methods_may_stand_behind_each_other_with_commas() -> None:
    names = [entry.name for entry in rows_of(["cliptrase, naclip", "naclip", "vanilla"], PAPER, WORDS)]
    assert names == ["cliptrase", "naclip", "vanilla"]


def test_the_prior_is_that_of_the_published_method_and_of_no_peer() -> None:
    made = rows_of(["cliptrase,sclip,cliptrase:purify"], PAPER, WORDS, prior=True)
    assert [entry.settings.prior for entry in made] == [True, False, True]


def test_mistakes_name_what_there_is() -> None:
    with pytest.raises(CliptraseError, match="no method 'magic'; choose vanilla"):
        row("magic", PAPER, WORDS)
    with pytest.raises(CliptraseError, match="'magic' can be added to cliptrase; choose purify"):
        row("cliptrase:magic", PAPER, WORDS)

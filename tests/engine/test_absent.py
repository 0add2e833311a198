"""Classes that are not in the image win no pixel, and it is said which and why."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.cliptrase.options import Absent, Recovery, Vote
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_scene

SCENE = paint_scene(4, (224, 288))
THERE = [NAMES[index - 1] for index in np.unique(SCENE.labels)]
ELSEWHERE = [name for name in NAMES if name not in THERE]
PROMPTS = PromptSet.from_names(*NAMES)
WHOLE = Settings(resolution=224, absent=Absent.PURIFY)
WINDOWED = replace(WHOLE, resolution=448, window=224)


@pytest.fixture(scope="module")
def model():
    return load_model("demo", device="cpu")


@pytest.fixture(scope="module")
def segmenter(model):
    return Segmenter(model, WHOLE, text_caches=())


@pytest.fixture(scope="module")
def encoded(segmenter):
    return segmenter.encode(SCENE.image)


def names_of(result):
    return {result.classes.get(class_id).name for class_id in result.absent}


@pytest.mark.parametrize("rule", [Absent.PURIFY, Absent.PEAK])
def test_most_of_what_is_not_there_is_dropped_and_nothing_large_that_is(segmenter, encoded, rule):
    result = segmenter.segment(encoded, PROMPTS, replace(WHOLE, absent=rule))
    dropped = names_of(result)
    assert len(dropped & set(ELSEWHERE)) >= len(ELSEWHERE) / 2
    areas = {name: (SCENE.labels == index).mean() for index, name in enumerate(NAMES, start=1)}
    assert all(areas[name] < 0.02 for name in dropped)


@pytest.mark.parametrize("vote", Vote)
@pytest.mark.parametrize(
    "prompts", [PROMPTS, PROMPTS.with_background("a gray thing", "fog")], ids=["plain", "background"]
)
def test_what_is_dropped_wins_no_pixel_and_has_no_probability(segmenter, encoded, vote, prompts):
    result = segmenter.segment(encoded, prompts, replace(WHOLE, vote=vote, threshold=0.3, absent_threshold=0.12))
    assert result.absent
    assert not np.isin(result.labels, list(result.absent)).any()
    for class_id in result.absent:
        assert result.scores.of(class_id).max() == 0
    assert result.scores.maps.sum(0).max() == pytest.approx(1, abs=1e-5)
    for y, x in [(0, 0), (100, 200), (223, 287)]:
        assert result.at(y, x)[0][0] not in result.absent


@pytest.mark.parametrize("recovery", Recovery)
def test_it_works_on_top_of_every_recovery(model, recovery):
    segmenter = Segmenter(model, replace(WHOLE, recovery=recovery), text_caches=())
    result = segmenter.segment(segmenter.encode(SCENE.image), PROMPTS)
    assert result.absent
    assert not np.isin(result.labels, list(result.absent)).any()


def test_the_threshold_is_live(segmenter, encoded):
    last = -1
    for least in (0.0, 0.05, 0.1, 0.2, 0.5):
        found = segmenter.segment(encoded, PROMPTS, replace(WHOLE, absent_threshold=least)).absent
        assert len(found) >= last
        last = len(found)
    assert last == len(NAMES)  # no figure is above a half


def test_an_empty_result_is_explained(segmenter, encoded):
    result = segmenter.segment(encoded, PROMPTS, replace(WHOLE, absent_threshold=0.5, absent="purify"))
    assert (result.labels == 0).all()
    assert (result.margin == 0).all()
    assert result.at(3, 3)[0][0] == 0
    summary = {entry.name: entry for entry in result.summary()}
    assert summary["background"].area == 1
    assert summary["sky"].absence.text.startswith("not in this image, 0.")
    assert summary["sky"].absence.text.endswith(" of 0.50")
    note = next(note for note in result.notes if note.startswith("Not in this image"))
    assert "sky (0." in note
    assert "of 0.50)" in note
    assert note.endswith("and 15 more.")


def test_the_record_says_which_were_dropped_and_by_which_figure(segmenter, encoded):
    result = segmenter.segment(encoded, PROMPTS)
    entries = result.provenance["absent"]
    assert [entry["id"] for entry in entries] == list(result.absent)
    assert all(entry["figure"] <= entry["least"] == 0.05 and entry["rule"] == "purify" for entry in entries)
    assert all(entry["name"] == NAMES[entry["id"] - 1] for entry in entries)
    assert result.provenance["settings"]["absent"] == "purify"


def test_without_the_test_every_class_competes(segmenter, encoded):
    result = segmenter.segment(encoded, PROMPTS, replace(WHOLE, absent="off"))
    assert result.absent == {}
    assert result.provenance["absent"] == []
    assert all(entry.absence is None for entry in result.summary())


def test_a_class_needs_to_be_in_one_window_only(model):
    segmenter = Segmenter(model, WINDOWED, text_caches=())
    image = np.concatenate([SCENE.image, np.broadcast_to(SCENE.image[:8, :8].mean((0, 1)), SCENE.image.shape)], 1)
    encoding = segmenter.encode(image.astype(np.uint8))
    assert len(encoding.windows) > 1
    dropped = names_of(segmenter.segment(encoding, PROMPTS))
    areas = {name: (SCENE.labels == index).mean() for index, name in enumerate(NAMES, start=1)}
    assert dropped
    assert all(areas[name] < 0.05 for name in dropped)


def test_background_phrases_are_never_dropped(segmenter, encoded):
    prompts = PromptSet.parse(f"{THERE[0]}\nbackground: {', '.join(ELSEWHERE[:3])}")
    result = segmenter.segment(encoded, prompts, replace(WHOLE, absent_threshold=0.5))
    assert set(result.absent) == {1}
    assert (result.labels == 0).all()


def names_twice(model, settings):
    segmenter = Segmenter(model, settings, text_caches=())
    encoding = segmenter.encode(SCENE.image)
    return lambda **changes: segmenter.segment(
        encoding, PromptSet.from_names(*NAMES, "heaven"), replace(settings, **changes)
    )


def test_of_two_names_of_one_thing_the_better_one_stays_and_the_record_says_why(model):
    assert "sky" in THERE
    result = names_twice(model, WHOLE)()
    outdone = {class_id: why for class_id, why in result.absent.items() if why.instead is not None}
    assert len(outdone) == 1
    (class_id, why), *_ = outdone.items()
    names = {result.classes.get(class_id).name, why.instead}
    assert names == {"sky", "heaven"}
    assert why.figure >= why.least == 0.9
    assert why.text == f"'{why.instead}' fits the same place better, {why.figure:.2f} of 0.90"
    assert not (result.labels == class_id).any()
    assert (result.labels == result.classes.by_name(why.instead).id).mean() > 0.1
    assert result.scored.rivals == ()
    entry = next(entry for entry in result.provenance["absent"] if entry["id"] == class_id)
    assert (entry["instead"], entry["figure"], entry["rule"]) == (why.instead, why.figure, "purify")
    summary = next(entry for entry in result.summary() if entry.id == class_id)
    assert summary.absence == why
    note = next(note for note in result.notes if note.startswith("Claimed a place"))
    assert note.endswith(f"({why.figure:.2f} of 0.90) to '{why.instead}'.")


@pytest.mark.parametrize("settings", [WHOLE, WINDOWED], ids=["whole", "windows"])
def test_without_the_second_test_two_names_of_one_thing_stay_and_are_reported(model, settings):
    twice = names_twice(model, settings)
    result = twice(ambiguity=1)
    pairs = {
        (result.classes.get(pair.first + 1).name, result.classes.get(pair.second + 1).name)
        for pair in result.scored.rivals
    }
    assert pairs == {("sky", "heaven")}
    assert all(why.instead is None for why in result.absent.values())
    note = (
        "These claim the same places: 'sky' and 'heaven'. If both are names of one thing, write one class: sky: heaven."
    )
    assert note in result.notes
    assert twice(absent=Absent.PEAK).scored.rivals == ()


def test_names_of_different_things_have_no_rivals(segmenter, encoded):
    result = segmenter.segment(encoded, PROMPTS)
    assert result.scored.rivals == ()
    assert all(why.instead is None for why in result.absent.values())


def test_two_names_that_each_fit_better_in_some_window_both_stay_and_are_reported(model):
    result = names_twice(model, WINDOWED)()
    assert all(why.instead is None for why in result.absent.values())
    assert any(note.startswith("These claim the same places: 'sky' and 'heaven'.") for note in result.notes)


def test_what_fits_a_place_better_is_never_dropped_itself(model):
    result = names_twice(model, WHOLE)(ambiguity=0.5)
    dropped = {result.classes.get(class_id).name: why.instead for class_id, why in result.absent.items()}
    assert set(dropped.values()) != {None}
    assert dropped.keys().isdisjoint(dropped.values())

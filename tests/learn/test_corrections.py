import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.learn.corrections import TaughtPatches, corrections
from napari_cliptrase.learn.lesson import Lesson

SIZE = 64
NAMES = ("cat", "dog", "tree")


def cluster(center, count, seed=0, spread=0.02):
    axis = np.zeros(SIZE, np.float32)
    axis[center] = 1
    rows = axis + spread * np.random.default_rng((seed, center)).normal(size=(count, SIZE)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def lesson(name, center, count=20, **how):
    return Lesson(name, cluster(center, count), np.ones(count, np.float32), **how)


def scored(lessons, text, features):
    patches = TaughtPatches.of(lessons, NAMES)
    return features @ text.T + features @ corrections(patches, patches.features @ text.T).T


def text(*centers, scale=10.0):
    rows = np.zeros((len(centers), SIZE), np.float32)
    for row, center in enumerate(centers):
        if center is not None:
            rows[row, center] = scale
    return rows


def test_classes_without_any_text_are_learned():
    nothing = text(None, None, None)
    lessons = [lesson("cat", 0), lesson("dog", 1), lesson("tree", 2)]
    for index in range(3):
        assert (scored(lessons, nothing, cluster(index, 50, seed=9)).argmax(1) == index).all()


def test_what_the_text_knows_already_is_left_as_it_is():
    words = text(0, 1, 2)
    patches = TaughtPatches.of([lesson("cat", 0), lesson("dog", 1)], NAMES)
    assert (corrections(patches, patches.features @ words.T) == 0).all()


def test_a_class_that_no_one_touched_keeps_its_text():
    words = text(0, 0, 2)  # dog looks like cat to the model
    patches = TaughtPatches.of([lesson("dog", 0)], NAMES)
    change = corrections(patches, patches.features @ words.T)
    assert (change[2] == 0).all()
    assert change[1].any()


def test_a_class_may_contradict_its_text():
    words = text(0, 1, 2)
    lessons = [lesson("dog", 0, count=60)]  # this is a dog, whatever the word says
    assert (scored(lessons, words, cluster(0, 50, seed=3)).argmax(1) == 1).all()
    assert (scored(lessons, words, cluster(2, 50, seed=3)).argmax(1) == 2).all()


def test_a_negative_lesson_takes_a_class_away():
    words = text(0, 0, 2)
    words[1] *= 0.8  # cat wins, dog is second
    lessons = [lesson("cat", 0, count=60, negative=True)]
    assert (scored(lessons, words, cluster(0, 50, seed=3)).argmax(1) == 1).all()


def test_lessons_meet_classes_by_name_whatever_the_case():
    patches = TaughtPatches.of([lesson(" Dog", 1), lesson("horse", 2)], NAMES)
    assert patches.owner.tolist() == [1] * 20
    assert TaughtPatches.of([lesson("horse", 2)], NAMES) is None


def test_more_evidence_moves_the_weights_further():
    words = text(0, 1, 2)
    gains = []
    for count in (1, 5, 40):
        patches = TaughtPatches.of([lesson("dog", 0, count=count)], NAMES)
        gains.append(float((cluster(0, 30, seed=5) @ corrections(patches, patches.features @ words.T)[1]).mean()))
    assert gains == sorted(gains)
    assert gains[0] > 0


def test_contradicting_lessons_end_in_finite_numbers_between_both():
    lessons = [lesson("cat", 0, count=50), lesson("dog", 0, count=50)]
    result = scored(lessons, text(None, None, None), cluster(0, 20, seed=4))
    assert np.isfinite(result).all()
    assert np.abs(result[:, 0] - result[:, 1]).max() < 0.5


@given(st.integers(0, 10_000), st.integers(1, 200))
def test_any_lessons_give_finite_corrections(seed, count):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 16)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    patches = TaughtPatches(
        features,
        rng.integers(0, 4, count),
        rng.uniform(0.01, 1, count).astype(np.float32),
        rng.random(count) < 0.3,
    )
    change = corrections(patches, rng.normal(size=(count, 4)).astype(np.float32) * 30)
    assert change.shape == (4, 16)
    assert np.isfinite(change).all()


def test_a_single_class_has_nothing_to_lead():
    patches = TaughtPatches.of([lesson("cat", 0)], ("cat",))
    assert (corrections(patches, np.zeros((20, 1), np.float32)) == 0).all()


@pytest.mark.parametrize("count", [10_000])
def test_ten_thousand_examples_take_moderate_time(count):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(count, 512)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    patches = TaughtPatches(features, rng.integers(0, 20, count), np.ones(count, np.float32), np.zeros(count, bool))
    start = time.process_time()
    corrections(patches, np.zeros((count, 20), np.float32))
    assert time.process_time() - start < 30  # a guard against another order of growth, not a figure

"""Results that come after the image is on show."""

import numpy as np
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.learn.lesson import lessons_from_labels
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.plugin.run.folder_work import NewProject

A, B = "image0000.png", "image0001.png"


def opened(annotators, photos):
    person = annotators(photos)
    person.session.prompts = PromptSet.parse("sky\nsea\ntree")
    person.open(NewProject())
    return person


def shown_labels(person):
    layers = person.bench.layers.class_layers(person.work.visits.image)
    return np.max([layer.data for layer in layers.values()], axis=0)


def test_mask_layers_and_live_scores_hold_the_same_labels(annotators, photos):
    person = opened(annotators, photos)
    assert not person.saved(A).labels.any()
    person.state.pre_annotating = True
    person.wait(lambda: person.session.segmented is not None)
    saved = person.saved(A).labels
    assert saved.any()
    assert np.array_equal(saved, person.session.segmented.segmentation.labels)
    assert np.array_equal(saved, shown_labels(person))


def test_a_mask_that_a_person_began_is_not_filled_but_tools_know_the_image(annotators, photos):
    person = opened(annotators, photos)
    person.paint(3, 8, 8)
    drawn = person.saved(A).labels
    assert drawn.any()
    person.state.pre_annotating = True
    person.wait(lambda: person.session.segmented is not None)
    assert person.session.encoded is not None
    assert np.array_equal(person.saved(A).labels, drawn)
    assert np.array_equal(shown_labels(person), drawn)


def test_the_next_image_is_segmented_with_what_was_taught_on_this_one(annotators, photos):
    person = opened(annotators, photos)
    person.state.pre_annotating = True
    person.wait(lambda: person.session.segmented is not None)
    person.settle()
    segmenter, encoding = person.bench.runner.segmenter, person.session.encoded.encoding
    everywhere = np.full(encoding.shape, 1, np.uint8)
    lessons = lessons_from_labels(encoding.features, encoding.grid, everywhere, {1: "tree"}, image="shown")
    memory = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key()).taught(lessons)
    person.session.examples.teach(memory)
    person.settle()
    person.go(B)
    fresh, prompts = Segmenter(segmenter.model, segmenter.settings), person.session.prompts
    encoding = fresh.encode(np.asarray(Image.open(photos / B)))
    by_hand = fresh.segment(encoding, prompts, examples=memory).labels
    assert not np.array_equal(by_hand, fresh.segment(encoding, prompts).labels)
    assert np.array_equal(person.saved(B).labels, by_hand)
    assert np.array_equal(shown_labels(person), by_hand)
    assert np.array_equal(person.session.segmented.segmentation.labels, by_hand)
    assert not person.bench.runner.stale

"""Strokes teach, on a small model of true shape: what a person sees in layers and examples."""

from dataclasses import replace

import numpy as np

from napari_cliptrase.merge import MergeMode

BLOCK = 24
"""Pixels of the blocks that the image of the fixture is made of."""


def test_a_stroke_becomes_an_example_and_what_would_change_is_proposed(pupil):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    (lesson,) = pupil.memory.lessons
    assert lesson.class_name == pupil.session.prompts.get(class_id).name
    assert lesson.image == pupil.session.encoded.encoding.image_sha256
    proposal = pupil.learner.proposal
    before = pupil.labels()
    assert np.all(before[part] == class_id)
    assert not proposal.where[part].any(), "painted pixels never change"
    elsewhere = proposal.where & (before != proposal.labels)
    assert elsewhere.any()
    assert np.array_equal(elsewhere, proposal.where)
    pupil.learner.accept()
    pupil.settle()
    assert np.array_equal(pupil.labels(), np.where(proposal.where, proposal.labels, before))
    assert pupil.learner.proposal is None
    assert pupil.learner.can_undo
    pupil.learner.undo()
    assert np.array_equal(pupil.labels(), before)
    assert len(pupil.memory) == 1


def test_a_dropped_proposal_changes_nothing(pupil):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    before = pupil.labels()
    pupil.learner.undo()
    assert pupil.learner.proposal is None
    assert not pupil.learner.can_undo
    assert np.array_equal(pupil.labels(), before)


def test_undo_of_a_stroke_undoes_its_lesson_and_leaves_text_alone_to_the_bit(pupil):
    pupil.examples.at_once = True
    class_id, part = pupil.strongest_part()
    layer = pupil.bench.layers.class_layers(pupil.image)[class_id]
    pupil.assign(class_id, part)
    learned = pupil.labels()
    outside = learned != pupil.text_alone
    outside[part] = False
    assert outside.any(), "it was written at once"
    layer.undo()  # what was learned
    pupil.settle()
    undone = pupil.labels() != pupil.text_alone
    undone[part] = False
    assert not undone.any()
    assert len(pupil.memory) == 1
    layer.undo()  # the stroke
    pupil.settle()
    assert len(pupil.memory) == 0
    assert np.array_equal(pupil.labels(), pupil.text_alone)
    assert pupil.session.segmented.segmentation.provenance.get("examples") is None
    layer.redo()
    pupil.settle()
    assert len(pupil.memory) == 1
    assert np.array_equal(pupil.labels(), learned)


def test_what_replace_would_overwrite_stays_when_edits_teach(pupil):
    pupil.examples.at_once = True
    pupil.session.merge_mode = MergeMode.REPLACE
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    assert np.all(pupil.labels()[part] == class_id)
    pupil.paint(class_id, part, 0)
    assert not pupil.labels()[part].any()


def test_locked_classes_neither_win_nor_lose_a_pixel(pupil):
    class_id, part = pupil.strongest_part()
    lost = int(np.bincount(pupil.text_alone.ravel()).argmax())
    assert lost != class_id
    pupil.examples.at_once = True
    before = pupil.labels() == lost
    pupil.session.locked = frozenset([lost])
    pupil.assign(class_id, part)
    assert len(pupil.memory) == 0, "no pixel was free"
    free = (slice(0, pupil.text_alone.shape[0]), slice(0, pupil.text_alone.shape[1]))
    pupil.assign(class_id, free)
    assert np.array_equal(pupil.labels() == lost, before)


def test_erased_pixels_teach_what_is_not_there(pupil):
    class_id = int(np.bincount(pupil.text_alone.ravel()).argmax())
    part = (slice(0, 2 * BLOCK), slice(0, 3 * BLOCK))
    pupil.paint(class_id, part, 0)
    assert {(lesson.class_name, lesson.negative) for lesson in pupil.memory.lessons} == {
        (pupil.session.prompts.get(class_id).name, True)
    }
    pupil.session.prompts = pupil.session.prompts.with_background("wall")
    pupil.settle()
    pupil.paint(class_id, (slice(0, BLOCK), slice(3 * BLOCK, 4 * BLOCK)), 0)
    assert {(lesson.class_name, lesson.negative) for lesson in pupil.memory.lessons} == {("background", False)}


def test_without_learning_strokes_teach_nothing_and_examples_that_are_there_count(pupil):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    pupil.learner.accept()
    pupil.settle()
    learned = pupil.labels()
    pupil.examples.learning = False
    pupil.assign(class_id, (slice(0, BLOCK), slice(0, BLOCK)))
    assert len(pupil.memory) == 1
    pupil.examples.used = False
    pupil.settle()
    outside = np.ones(learned.shape, bool)
    outside[part] = outside[:BLOCK, :BLOCK] = False
    assert np.array_equal(pupil.labels()[outside], pupil.text_alone[outside])


def test_a_corrected_image_teaches_the_next(pupil):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    memory = pupil.memory
    pupil.image = pupil.viewer.add_image(pupil.image.data[::-1].copy(), rgb=True, name="b")
    pupil.session.image = pupil.image
    pupil.run()
    segmentation = pupil.session.segmented.segmentation
    assert segmentation.provenance["examples"]["sha256"] == memory.sha256
    segmenter = pupil.bench.runner.segmenter
    expected = segmenter.segment(pupil.session.encoded.encoding, pupil.session.prompts, examples=memory)
    assert np.array_equal(segmentation.labels, expected.labels)


def test_a_forgotten_class_is_not_taught_again_by_the_same_strokes(pupil):
    class_id, part = pupil.strongest_part()
    name = pupil.session.prompts.get(class_id).name
    pupil.assign(class_id, part)
    pupil.learner.forget(name.upper())
    pupil.settle()
    assert len(pupil.memory) == 0
    far = (
        (slice(3 * BLOCK, 4 * BLOCK), slice(0, BLOCK)) if part[0].start < BLOCK else (slice(0, BLOCK), slice(0, BLOCK))
    )
    pupil.assign(class_id, far)
    (lesson,) = pupil.memory.lessons
    assert lesson.weight.sum() < 1.5 * patches_in(pupil, far)


def patches_in(pupil, part) -> float:
    """How many patches a part of the image has."""
    height, width = pupil.target.shape
    rows, columns = pupil.session.encoded.encoding.grid
    return (part[0].stop - part[0].start) / height * rows * (part[1].stop - part[1].start) / width * columns


def test_another_model_does_not_get_the_examples(pupil):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    memory = pupil.memory
    pupil.examples.change(replace(memory, lessons=()))
    pupil.examples.change(replace(memory, model="another"))
    pupil.settle()
    assert pupil.bench.runner.shown.examples() is None


def test_a_region_that_is_confirmed_teaches_as_well(pupil):
    class_id = int(np.bincount(pupil.text_alone.ravel()).argmax())
    own = pupil.text_alone == class_id
    pupil.bench.layers.assign(pupil.target, own, class_id)
    pupil.settle()
    (lesson,) = pupil.memory.lessons
    assert lesson.class_name == pupil.session.prompts.get(class_id).name


def test_examples_that_came_ahead_change_an_image_only_when_asked(pupil):
    class_id, part = pupil.strongest_part()
    pupil.assign(class_id, part)
    memory, layer = pupil.memory, pupil.bench.layers.class_layers(pupil.image)[class_id]
    layer.undo()
    pupil.settle()
    pupil.examples.learning = False
    pupil.examples.teach(memory)
    pupil.settle()
    assert np.array_equal(pupil.labels(), pupil.text_alone)
    pupil.examples.at_once = True
    pupil.learner.catch_up()
    pupil.settle()
    assert not np.array_equal(pupil.labels(), pupil.text_alone)

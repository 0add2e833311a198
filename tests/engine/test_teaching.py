"""Examples correct what the text says: on painted scenes, with the shipped model."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.demo.words import LABEL_NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.teaching import taught_names
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.learn.lesson import LessonError, lessons_from_labels
from napari_cliptrase.learn.lesson_memory import LessonMemory

NAMES = LABEL_NAMES[1:]
KNOWN = PromptSet.from_names(*NAMES)
_STARTS, _ENDS = ("zar", "quil", "brom", "fep"), ("ox", "ine", "uk", "al", "it")
MADE_UP = PromptSet.from_names(*(f"{start}{end}" for start in _STARTS for end in _ENDS))


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model("demo", device="cpu"), Settings(detail="coarse"), text_caches=())


@pytest.fixture(scope="module")
def scenes(segmenter):
    painted = [paint_scene(seed, (224, 224)) for seed in range(6)]
    return [(scene, segmenter.encode(scene.image)) for scene in painted]


def memory(segmenter, scenes, prompts, *, spots=True):
    taught = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())
    names = dict(zip(prompts.ids, [entry.name for entry in prompts], strict=True))
    for scene, encoding in scenes:
        taught = taught.taught(
            lessons_from_labels(
                encoding.features,
                encoding.grid,
                scene.labels,
                names,
                textures=encoding.spot_textures() if spots else None,
                image=encoding.image_sha256,
            )
        )
    return taught


def mean_iou(segmenter, scenes, prompts, examples=None):
    confusion = Confusion.of(LABEL_NAMES)
    for scene, encoding in scenes:
        confusion.add(scene.labels, segmenter.segment(encoding, prompts, examples=examples).labels)
    return confusion.mean_iou


def test_without_examples_of_these_classes_text_alone_decides_to_the_bit(segmenter, scenes):
    encoding = scenes[0][1]
    alone = segmenter.segment(encoding, KNOWN)
    others = memory(segmenter, scenes[1:2], PromptSet.from_names(*(f"{name} of another list" for name in NAMES)))
    empty = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())
    for examples in (None, empty, others):
        found = segmenter.segment(encoding, KNOWN, examples=examples)
        assert (found.labels == alone.labels).all()
        assert (found.scores.maps == alone.scores.maps).all()


def test_made_up_names_are_learned_from_corrected_scenes(segmenter, scenes):
    before = mean_iou(segmenter, scenes[:1], MADE_UP)
    taught = mean_iou(segmenter, scenes[:1], MADE_UP, memory(segmenter, scenes[:1], MADE_UP))
    others = mean_iou(segmenter, scenes[4:], MADE_UP, memory(segmenter, scenes[:4], MADE_UP))
    assert before < 0.2
    assert taught > 0.7
    assert others > 0.6


def test_names_that_the_model_knows_do_not_suffer(segmenter, scenes):
    alone = mean_iou(segmenter, scenes[2:], KNOWN)
    assert mean_iou(segmenter, scenes[2:], KNOWN, memory(segmenter, scenes[:2], KNOWN)) > alone - 0.02


def test_made_up_names_take_nothing_from_the_names_beside_them(segmenter, scenes):
    mixed = PromptSet.from_names(
        *(
            name if number % 2 else made_up
            for number, (name, made_up) in enumerate(zip(NAMES, (entry.name for entry in MADE_UP), strict=True))
        )
    )
    known = mean_iou(segmenter, scenes[4:], KNOWN)
    assert mean_iou(segmenter, scenes[4:], mixed) < known - 0.3
    assert mean_iou(segmenter, scenes[4:], mixed, memory(segmenter, scenes[:4], mixed)) > 0.7 * known


def test_examples_meet_classes_by_name_whatever_their_ids(segmenter, scenes):
    examples = memory(segmenter, scenes[:1], MADE_UP)
    moved = PromptSet(tuple(replace(entry, id=entry.id + 40) for entry in MADE_UP))
    plain = segmenter.segment(scenes[1][1], MADE_UP, examples=examples).labels
    assert (segmenter.segment(scenes[1][1], moved, examples=examples).labels == plain + 40).all()


def test_what_is_said_not_to_be_a_class_goes_to_another(segmenter, scenes):
    encoding = scenes[0][1]
    sky = KNOWN.ids[NAMES.index("sky")]
    before = segmenter.segment(encoding, KNOWN).labels == sky
    (lesson,) = lessons_from_labels(encoding.features, encoding.grid, before.astype(int), {1: "sky"})
    examples = LessonMemory(
        segmenter.model.fingerprint, segmenter.settings.encode_key(), (replace(lesson, negative=True),)
    )
    after = segmenter.segment(encoding, KNOWN, examples=examples).labels == sky
    assert before.sum() > 5000
    assert after.sum() < 0.1 * before.sum()


def test_background_phrases_learn_too(segmenter, scenes):
    prompts = PromptSet.parse("quilox\nbackground: zarine")
    assert taught_names(prompts) == ["quilox", "background"]
    scene, encoding = scenes[0]
    house = np.where(scene.labels == scene.labels[0, 0], 1, 2)
    lessons = lessons_from_labels(encoding.features, encoding.grid, house, {1: "Background", 2: "quilox"})
    examples = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key(), lessons)
    found = segmenter.segment(encoding, prompts, examples=examples).labels
    assert ((found == 0) == (house == 1)).mean() > 0.9


def test_examples_of_another_model_or_detail_are_refused(segmenter, scenes):
    good = memory(segmenter, scenes[:1], KNOWN)
    with pytest.raises(LessonError, match="another model"):
        segmenter.segment(scenes[0][1], KNOWN, examples=replace(good, model="other"))
    with pytest.raises(LessonError, match="other settings"):
        segmenter.segment(scenes[0][1], KNOWN, examples=replace(good, settings="{}"))


def test_the_record_says_what_was_learned_from(segmenter, scenes):
    examples = memory(segmenter, scenes[:2], KNOWN)
    encoding = scenes[0][1]
    assert "examples" not in segmenter.segment(encoding, KNOWN).provenance
    record = segmenter.segment(encoding, KNOWN, examples=examples).provenance["examples"]
    assert record["classes"]["sky"] == 2
    assert record["sha256"] == memory(segmenter, scenes[:2], KNOWN).sha256
    assert record["sha256"] != memory(segmenter, scenes[:1], KNOWN).sha256


def test_a_stroke_of_one_pixel_teaches_nothing_and_breaks_nothing(segmenter, scenes):
    scene, encoding = scenes[0]
    one = np.zeros(scene.labels.shape, int)
    one[50, 50] = 1
    assert lessons_from_labels(encoding.features, encoding.grid, one, {1: "quilox"}) == ()


def test_a_stroke_across_windows_teaches_all_of_them():
    narrow = Segmenter(load_model("demo", device="cpu"), Settings(resolution=96, window=96), text_caches=())
    scene = paint_scene(1, (96, 240))
    encoding = narrow.encode(scene.image)
    assert len(encoding.windows) > 1
    stroke = np.zeros(scene.labels.shape, int)
    stroke[10:40] = 1
    (lesson,) = lessons_from_labels(encoding.features, encoding.grid, stroke, {1: MADE_UP.classes[0].name})
    assert len(lesson) >= encoding.grid[1]
    examples = LessonMemory(narrow.model.fingerprint, encoding.encode_settings, (lesson,))
    found = narrow.segment(encoding, MADE_UP, examples=examples).labels
    assert (found[10:40] == 1).mean() > 0.9


def without_text(prompts):
    return PromptSet(tuple(replace(entry, text=False) for entry in prompts))


def test_a_class_without_text_wins_nothing_until_it_has_an_example_and_then_stands_on_it(segmenter, scenes):
    thing = KNOWN.classes[int(np.bincount(scenes[0][0].labels.ravel())[1:].argmax())]
    prompts = PromptSet(tuple(replace(entry, text=entry is not thing) for entry in KNOWN))
    encoding, truth = scenes[0][1], scenes[0][0].labels == thing.id
    found = segmenter.segment(encoding, prompts)
    assert not (found.labels == thing.id).any()
    assert any(f"without pixels: '{thing.name}'" in note for note in found.notes)
    others = PromptSet(tuple(entry for entry in KNOWN if entry is not thing))
    assert (found.labels == segmenter.segment(encoding, others).labels).all()
    shown = segmenter.segment(encoding, prompts, examples=memory(segmenter, scenes[:1], KNOWN))
    right = shown.labels == thing.id
    assert (right & truth).sum() / (right | truth).sum() > 0.8
    assert not any("without pixels" in note for note in shown.notes)


def test_classes_that_all_are_without_text_leave_the_image_empty_and_are_learned(segmenter, scenes):
    nameless = without_text(KNOWN)
    assert not segmenter.segment(scenes[0][1], nameless).labels.any()
    assert mean_iou(segmenter, scenes[:1], nameless, memory(segmenter, scenes[:1], KNOWN)) > 0.7
    assert mean_iou(segmenter, scenes[4:], nameless, memory(segmenter, scenes[:4], KNOWN)) > 0.6


def test_what_is_not_a_class_without_text_does_not_make_it_speak(segmenter, scenes):
    nameless = PromptSet((*KNOWN.classes[1:], replace(KNOWN.classes[0], text=False)))
    (lesson, *_) = memory(segmenter, scenes[:1], KNOWN).lessons
    denied = replace(lesson, class_name=KNOWN.classes[0].name, negative=True)
    taught = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key(), (denied,))
    found = segmenter.segment(scenes[0][1], nameless, examples=taught)
    assert not (found.labels == KNOWN.classes[0].id).any()


def test_colour_and_texture_count_by_default_and_can_be_left_out(segmenter, scenes):
    prompts, tested = MADE_UP, scenes[4:]
    with_spots, patches = (memory(segmenter, scenes[:4], prompts, spots=spots) for spots in (True, False))
    encoding = tested[0][1]
    found = segmenter.segment(encoding, prompts, examples=with_spots)
    off = segmenter.segment(encoding, prompts, Settings(texture=False), with_spots)
    assert found.provenance["examples"]["texture"]
    assert not off.provenance["examples"]["texture"]
    assert (off.labels == segmenter.segment(encoding, prompts, examples=patches).labels).all()
    assert mean_iou(segmenter, tested, prompts, with_spots) > mean_iou(segmenter, tested, prompts, patches)


def test_known_names_lose_nothing_to_spots(segmenter, scenes):
    examples = memory(segmenter, scenes[:4], KNOWN)
    assert mean_iou(segmenter, scenes[4:], KNOWN, examples) > mean_iou(segmenter, scenes[4:], KNOWN) - 0.003


def test_all_ways_of_voting_take_scores_of_spots(segmenter, scenes):
    examples, encoding = memory(segmenter, scenes[:2], KNOWN), scenes[3][1]
    for vote in ("off", "soft", "hard"):
        found = segmenter.segment(encoding, KNOWN, Settings(vote=vote), examples)
        assert (found.labels == scenes[3][0].labels).mean() > 0.7
        assert found.scores.maps.shape[1] > encoding.grid[0]


def test_a_class_with_spots_alone_is_found(segmenter, scenes):
    """A dot that owns no patch: only its spots teach, and the class has no text."""
    picture = scenes[0][0].image.copy()
    truth = np.zeros(picture.shape[:2], np.uint8)
    for row, column in ((30, 40), (90, 170), (160, 60), (190, 120)):
        truth[row : row + 8, column : column + 8] = 1
    picture[truth == 1] = (255, 0, 255)
    encoding = segmenter.encode(picture)
    prompts = PromptSet.parse("dot [text=off]; other [text=off]")
    names = {1: "dot", 0: "other"}
    textures = encoding.spot_textures()
    lessons = lessons_from_labels(encoding.features, encoding.grid, truth, names, textures=textures, image="a")
    empty = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())
    found = segmenter.segment(encoding, prompts, Settings(vote="off"), empty.taught(lessons)).labels == 1
    assert (found & (truth == 1)).sum() / (found | (truth == 1)).sum() > 0.5

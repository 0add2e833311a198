from dataclasses import replace

import numpy as np
import tifffile
from PIL import Image

from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.plane_lessons import plane_lessons_steps
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.plugin.run.image_findings import choice_of, findings_steps, same_question, same_refiner
from napari_cliptrase.plugin.run.refine_task import RefineRunner, RefineTask
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.limits import Limits
from napari_cliptrase.refine.methods import Method

SKY = RunSetup(PromptSet.parse("sky"))
SEA = RunSetup(PromptSet.parse("sky\nsea"))


def test_every_plane_of_a_stack_is_segmented_and_the_first_can_be_gone_on_from(tmp_path):
    planes = np.random.default_rng(0).integers(0, 255, (2, 40, 60)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "s.tif", planes, metadata={"axes": "ZYX"})
    image = read_image(tmp_path / "s.tif")
    findings = run_to_end(findings_steps(SEA, None, image, None))
    assert sorted(findings.result.labels) == [(0,), (1,)]
    np.testing.assert_array_equal(findings.rgb, image.rgb((0,)))
    np.testing.assert_array_equal(findings.segmentation.labels, findings.result.labels[(0,)])
    again = run_to_end(findings_steps(SKY, findings.segmenter.model, image, findings))
    assert again.encoding is findings.encoding


def test_colours_do_not_make_another_question():
    recolored = RunSetup(SKY.prompts.replaced(1, color="#010203"))
    assert same_question(SKY, recolored)
    assert not same_question(SKY, SEA)
    assert not same_question(SKY, None)
    assert same_question(None, None)
    assert choice_of(SKY).name == "demo"


def test_the_refiner_of_the_last_image_sharpens_the_next_one(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    setup = replace(SEA, refine=Method.SUPERPIXELS)
    findings = run_to_end(findings_steps(setup, None, image, None))
    assert findings.refiner is not None
    again = run_to_end(findings_steps(setup, findings.segmenter.model, image, None, findings.refiner))
    assert again.refiner is findings.refiner
    np.testing.assert_array_equal(again.result.labels[()], findings.result.labels[()])
    assert same_refiner(setup, replace(setup, prompts=SKY.prompts))
    assert not same_refiner(setup, SEA)


def test_what_is_found_ahead_is_what_run_and_refine_give_by_hand(tmp_path):
    scene = paint_scene(3, (120, 160))
    Image.fromarray(scene.image).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    prompts = PromptSet.parse("sky\nsea\ntree")
    plain = run_to_end(findings_steps(RunSetup(prompts), None, image, None))
    segmenter = plain.segmenter
    names = {number: ("sky", "sea", "tree")[number % 3] for number in range(1, 30)}
    lessons = run_to_end(plane_lessons_steps(segmenter, scene.image, scene.labels, names))
    memory = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key()).taught(lessons)
    setup = RunSetup(prompts, refine=Method.SUPERPIXELS, examples=memory)
    ahead = run_to_end(findings_steps(setup, segmenter.model, image, plain))
    assert not same_question(setup, replace(setup, examples=None))
    assert ahead.encoding is plain.encoding

    by_hand = segmenter.segment(segmenter.encode(scene.image), prompts, examples=memory)
    assert not np.array_equal(by_hand.labels, plain.segmentation.labels)
    nowhere = np.zeros(by_hand.labels.shape, bool)
    task = RefineTask(
        Method.SUPERPIXELS, "", lambda: scene.image, "a.png", by_hand.labels, by_hand.scores, Limits(), nowhere,
        frozenset(), provenance=by_hand.provenance,
    )  # fmt: skip
    outcome = run_to_end(RefineRunner().steps(task))
    assert outcome.changed.any()
    np.testing.assert_array_equal(ahead.result.labels[()], outcome.labels)
    ahead_record, record = dict(ahead.segmentation.provenance), dict(outcome.provenance)
    del ahead_record["time"], record["time"]
    assert ahead_record == record

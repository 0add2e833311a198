from dataclasses import replace

import numpy as np
import tifffile
from PIL import Image

from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.plugin.run.image_findings import choice_of, findings_steps, same_question, same_refiner
from napari_cliptrase.progress import run_to_end
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

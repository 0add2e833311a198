import numpy as np
import tifffile

from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.plugin.run.image_findings import choice_of, findings_steps, same_question
from napari_cliptrase.progress import run_to_end

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

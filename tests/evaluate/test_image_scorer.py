"""One image through all lines of a table."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase import Segmenter
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.evaluate import image_scorer as module
from napari_cliptrase.evaluate.class_counts import ImageCounts
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol, rows_of
from napari_cliptrase.evaluate.image_scorer import EvaluationSetup, ImageScorer
from napari_cliptrase.evaluate.labelled_images import LabelledImage
from napari_cliptrase.evaluate.word_lists import WordList
from napari_cliptrase.progress import run_to_end

SCENES = PaintedScenes(first=5, count=2, size=96)
METHODS = "cliptrase,soft vote,naclip,cliptrase:superpixels"


def setup_of(methods: str = METHODS, protocol: EvaluationProtocol = EvaluationProtocol.FULL) -> EvaluationSetup:
    size = 224 if protocol is EvaluationProtocol.PAPER else 96
    settings = replace(protocol.settings(size), templates=TemplateSet.SINGLE)
    return EvaluationSetup(SCENES, rows_of([methods], settings, WordList.OWN.vocabulary), device="cpu")


@pytest.fixture(scope="module")
def scorer() -> ImageScorer:
    return run_to_end(ImageScorer.load_steps(setup_of()))


def test_each_line_counts_what_its_settings_give(scorer: ImageScorer) -> None:
    name = SCENES.names()[0]
    scored = scorer.score(name)
    assert list(scored.counts) == METHODS.split(",")
    row = setup_of().rows[0]
    image = SCENES.read(name)
    segmenter = Segmenter(scorer.model, row.settings, text_caches=())
    labels = segmenter.segment(segmenter.encode(image.rgb), row.vocabulary.prompts).labels
    wanted = ImageCounts.of(image.truth, row.vocabulary.indices_of(labels), len(SCENES.classes))
    np.testing.assert_array_equal(scored.counts["cliptrase"].pairs, wanted.pairs)
    sharpened = scored.counts["cliptrase:superpixels"]
    assert not np.array_equal(sharpened.pairs, wanted.pairs)


def test_only_the_lines_that_are_asked_for_are_scored(scorer: ImageScorer) -> None:
    assert list(scorer.score(SCENES.names()[0], ["naclip"]).counts) == ["naclip"]


def test_lines_that_differ_after_encoding_share_one(scorer: ImageScorer, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    real = module.segment_plane_steps

    def watched(segmenter, request, refiner):
        given.append(request.encoding is not None)
        return real(segmenter, request, refiner)

    monkeypatch.setattr(module, "segment_plane_steps", watched)
    scorer.score(SCENES.names()[0])
    assert given == [False, True, False, True]  # naclip alone recovers otherwise


def test_a_square_without_a_class_is_left_out_of_the_paper_protocol_alone() -> None:
    image = SCENES.read(SCENES.names()[0])
    empty = LabelledImage(image.rgb, image.truth, empty=np.ones(image.truth.shape, bool))
    partly = LabelledImage(image.rgb, image.truth, empty=np.arange(96)[None].repeat(96, 0) > 40)
    paper = run_to_end(ImageScorer.load_steps(setup_of("cliptrase", EvaluationProtocol.PAPER)))
    assert paper.score_image("a", empty).left_out
    assert not paper.score_image("a", partly).left_out
    full = run_to_end(ImageScorer.load_steps(setup_of("cliptrase")))
    assert not full.score_image("a", empty).left_out


def test_the_model_is_recorded(scorer: ImageScorer) -> None:
    record = scorer.record()
    assert record["model"] == "demo"
    assert len(record["weights_sha256"]) == 64

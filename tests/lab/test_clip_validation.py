import numpy as np
import torch

from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.cliptrase.text import embed_texts
from napari_cliptrase.lab.clip_validation import method_miou, normalised
from napari_cliptrase.models.load import load_model


def test_the_shipped_model_scores_high_and_mixed_up_names_score_low():
    model = load_model("demo")

    def embed(texts):
        return embed_texts(model.text, texts, TemplateSet.SINGLE)

    with torch.inference_mode():
        good = method_miou(model.vision, embed, scenes=2)
        mixed_up = method_miou(model.vision, lambda texts: embed(texts).roll(3, 0), scenes=2)
    assert good > 0.6
    assert mixed_up < 0.2


def test_pictures_become_numbers_around_zero():
    rng = np.random.default_rng(0)
    pixels = normalised(rng.integers(0, 256, (8, 9, 3), np.uint8))
    assert pixels.shape == (1, 3, 8, 9)
    assert abs(float(pixels.mean())) < 0.5
    assert float(pixels.std()) < 2

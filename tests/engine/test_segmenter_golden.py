"""The published reference, number by number, through the public names. What the cases are: data/golden/README.md."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.cliptrase.text import embed_texts

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))


@pytest.fixture(scope="module")
def model():
    return load_model(f"local-dir:{GOLDEN / 'toyclip'}", device="cpu")


@pytest.fixture(scope="module", params=CASES)
def case(request, model):
    """A case, its encoding, and its segmentation."""
    golden = dict(np.load(GOLDEN / f"{request.param}.npz"))
    size, mode = int(golden["size"]), str(golden["mode"])
    settings = replace(Settings.paper(size), prior=mode == "prior", min_samples=int(golden["min_samples"]))
    assert settings.eps == golden["eps"]
    segmenter = Segmenter(model, settings, text_caches=())
    rgb = np.asarray(Image.open(GOLDEN / "images" / f"{request.param}.png").convert("RGB"))
    prompts = PromptSet.from_names(*map(str, golden["labels"])).with_background(*map(str, golden["background"]))
    encoding = segmenter.encode(rgb)
    assert (segmenter.picture(rgb) == golden["pixels"]).all()
    return golden, encoding, segmenter.segment(encoding, prompts)


def test_there_are_cases_of_every_mode():
    assert {str(np.load(GOLDEN / f"{name}.npz")["mode"]) for name in CASES} == {"", "prior", "background"}
    assert {int(np.load(GOLDEN / f"{name}.npz")["size"]) for name in CASES} == {224, 336}


def test_features(case):
    golden, encoding, _ = case
    assert np.abs(encoding.features - golden["features"][1:]).max() <= 1e-6
    assert np.abs(encoding.cls - golden["features"][0]).max() <= 1e-6


def test_correlation_and_affinity(case):
    golden, encoding, _ = case
    assert np.abs(encoding.correlation - golden["correlation"]).max() <= 1e-6
    assert np.abs(encoding.affinity - golden["denoised"]).max() <= 2e-6  # a difference of two correlations


def test_regions(case):
    golden, encoding, _ = case
    assert (encoding.regions == golden["dbscan"]).all()


def test_labels(case):
    golden, _, segmentation = case
    classes = len(golden["labels"])
    expected = np.where(golden["prediction"] == classes, 0, golden["prediction"] + 1)
    assert segmentation.labels.shape == expected.shape
    assert (segmentation.labels == expected).mean() >= 0.999


def test_text(case, model):
    golden, _, _ = case
    phrases = [str(phrase) for phrase in (*golden["labels"], *golden["background"])]
    assert np.abs(embed_texts(model.text, phrases).numpy() - golden["text_features"]).max() <= 1e-6

"""The method, step by step, against the published reference. What the cases are: data/golden/README.md."""

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_cliptrase.cliptrase.denoise import affinity
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.region_masks import region_map
from napari_cliptrase.cliptrase.regions import dbscan, eps_for, min_samples_for
from napari_cliptrase.cliptrase.scoring import label_pixels, phrase_scores
from napari_cliptrase.cliptrase.text import embed_texts
from napari_cliptrase.cliptrase.towers import text_tower, vision_tower
from napari_cliptrase.cliptrase.vote import majority, paint

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))


@pytest.fixture(scope="module", params=CASES)
def golden(request):
    return dict(np.load(GOLDEN / f"{request.param}.npz"))


@pytest.fixture(scope="module")
def patches(golden, toyclip):
    mean, std = (torch.tensor(toyclip.visual.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    image = (torch.from_numpy(golden["pixels"]).permute(2, 0, 1) / 255 - mean) / std
    with torch.inference_mode():
        return encode(vision_tower(toyclip), image[None])


def test_every_mode_and_size_is_covered():
    cases = [np.load(GOLDEN / f"{name}.npz") for name in CASES]
    assert {str(case["mode"]) for case in cases} == {"", "prior", "background"}
    assert {int(case["size"]) for case in cases} == {224, 336}


def test_features(golden, patches):
    assert np.abs(patches.features[0].numpy() - golden["features"][1:]).max() <= 1e-6
    assert np.abs(patches.cls[0].numpy() - golden["features"][0]).max() <= 1e-6


def test_correlation(golden, patches):
    assert np.abs(patches.correlation[0].numpy() - golden["correlation"]).max() <= 1e-6


def test_text(golden, toyclip, tokenizer):
    phrases = [*map(str, golden["labels"]), *map(str, golden["background"])]
    text = embed_texts(text_tower(toyclip, tokenizer), phrases)
    assert np.abs(text.numpy() - golden["text_features"]).max() <= 1e-6


def test_denoised(golden, patches):
    difference = np.abs(affinity(patches.correlation[0]).numpy() - golden["denoised"])
    assert difference.max() <= 2e-6  # a difference of two correlations


def test_regions(golden, patches):
    count = patches.grid[0] * patches.grid[1]
    assert (eps_for(count), min_samples_for(count)) == (golden["eps"], golden["min_samples"])
    found = dbscan(affinity(patches.correlation[0]), float(golden["eps"]), int(golden["min_samples"]))
    assert (found == golden["dbscan"]).all()


def test_prediction(golden, patches, toyclip):
    classes, background = len(golden["labels"]), len(golden["background"])
    scores = phrase_scores(
        patches.features[0],
        patches.grid,
        torch.from_numpy(golden["text_features"]),
        np.minimum(np.arange(classes + background), classes),
        float(toyclip.logit_scale.detach().exp()),
        prior=patches.cls[0] if golden["mode"] == "prior" else None,
    )
    size = golden["prediction"].shape
    pixels = label_pixels(scores, size)
    regions = region_map(affinity(patches.correlation[0]), golden["dbscan"], patches.grid, size)
    labels = paint(pixels, regions, majority(pixels, regions, scores.classes))
    assert (labels == golden["prediction"]).mean() >= 0.999

"""FreeCP's test for absent classes against numbers of its own code."""

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.purify import presence, shared_places, spread, transition
from napari_cliptrase.cliptrase.towers import vision_tower

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
CASES = ["scene_224_sclip", "scene_336_clearclip"]


@pytest.fixture(scope="module", params=CASES)
def golden(request):
    return dict(np.load(GOLDEN / "freecp" / f"{request.param}.npz"))


def test_classes_are_spread_along_the_attention(golden):
    found = spread(golden["probabilities"], transition(golden["attention"]))
    assert np.abs(found - golden["refined"]).max() <= 1e-5


def test_the_same_classes_are_kept_by_the_same_figures(golden):
    spreaded = spread(golden["probabilities"], transition(golden["attention"]))
    found = presence(golden["probabilities"], spreaded)
    assert np.abs(found - golden["overlap"]).max() <= 1e-6
    assert np.flatnonzero(found > golden["redundancy"]).tolist() == golden["kept"].tolist()


def test_the_classes_that_claim_the_same_place_are_those_that_the_published_code_compares(golden):
    kept, after = golden["kept"].tolist(), golden["kept_after_ambiguity"].tolist()
    shared = shared_places(golden["refined"])
    for one in kept:
        for other in kept:
            low, high = (function(golden["refined"][[one, other]], 0) for function in (np.min, np.max))
            assert shared[one, other] == pytest.approx(low.sum() / high.sum(), abs=1e-5)
    rivals = {one for one in kept for other in kept if one != other and shared[one, other] >= golden["ambiguity"]}
    dropped = set(kept) - set(after)
    assert dropped
    assert dropped <= rivals
    assert rivals & set(after)


def test_half_precision_of_the_attention_is_enough(golden):
    step = transition(golden["attention"]).astype(np.float16)
    found = presence(golden["probabilities"], spread(golden["probabilities"], step))
    assert np.abs(found - golden["overlap"]).max() <= 1e-4


def test_the_encoder_gives_the_attention(toyclip):
    golden = np.load(GOLDEN / "freecp" / "scene_224_sclip.npz")
    pixels = torch.from_numpy(np.load(GOLDEN / "scclip" / "scene_224.npz")["pixels"])
    mean, std = (torch.tensor(toyclip.visual.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        found = encode(vision_tower(toyclip), ((pixels.permute(2, 0, 1) / 255 - mean) / std)[None], attention=True)
    assert np.abs(found.attention[0].numpy() - golden["attention"]).max() <= 1e-6


def test_a_class_that_is_nowhere_has_no_presence():
    probabilities = np.zeros((2, 4, 4), np.float32)
    probabilities[0] = 1
    step = transition(np.full((16, 16), 1 / 16, np.float32))
    assert presence(probabilities, spread(probabilities, step))[1] == 0

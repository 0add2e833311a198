import hashlib
import zlib
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from torch.nn import functional as F

import napari_cliptrase.demo
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.plans import plan_scene
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.lab.vocabulary import VOCABULARY
from napari_cliptrase.models.load import load_model
from napari_cliptrase.models.verify import expected_sha256

FOLDER = Path(napari_cliptrase.demo.__file__).parent / "weights"


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(load_model("demo"), text_caches=())


def _areas(segmenter: Segmenter, seed: int, prompts: str) -> tuple[dict[str, float], np.ndarray, tuple[str, ...]]:
    scene = paint_scene(seed, (336, 336))
    out = segmenter.segment(segmenter.encode(scene.image), PromptSet.parse(prompts))
    return {entry.name: entry.area for entry in out.summary()}, out.labels, out.notes


def test_the_pair_is_small_enough_for_a_wheel():
    packed = sum(len(zlib.compress(path.read_bytes(), 6)) for path in FOLDER.rglob("*.safetensors"))
    assert packed < 16_000_000


@pytest.mark.parametrize("kind", ["clip", "sam"])
def test_the_weights_are_those_that_their_card_speaks_of(kind: str):
    (weights,) = (FOLDER / kind).glob("*.safetensors")
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert expected_sha256(weights) == found
    assert found in (FOLDER / kind / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_plain_open_clip_loads_it_and_tells_pictures_apart():
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{FOLDER / 'clip'}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{FOLDER / 'clip'}")
    from PIL import Image

    images = torch.stack([preprocess(Image.fromarray(paint_scene(seed, (224, 224)).image)) for seed in range(8)])
    present = [{NAMES[i - 1] for i in np.unique(paint_scene(seed, (224, 224)).labels)} for seed in range(8)]
    with torch.inference_mode():
        text = F.normalize(model.encode_text(tokenizer([f"a photo of a {name}." for name in NAMES])), dim=-1)
        likeness = F.normalize(model.encode_image(images), dim=-1) @ text.t()
    best = likeness.argsort(1, descending=True)[:, :2]
    hits = [NAMES[int(i)] in present[row] for row, pair in enumerate(best) for i in pair]
    assert np.mean(hits) > 0.8


def test_load_model_gives_its_words(segmenter: Segmenter):
    assert segmenter.model.vocabulary == VOCABULARY


@pytest.mark.parametrize(
    ("name", "synonym"), [("sea", "ocean"), ("boat", "ship"), ("grass", "lawn"), ("car", "vehicle")]
)
def test_a_synonym_finds_much_the_same(segmenter: Segmenter, name: str, synonym: str):
    others = [other for other in NAMES if other != name]
    shared = total = 0
    for seed in [seed for seed in range(99) if any(e.name == name for e in plan_scene(seed, (336, 336)).elements)][:6]:
        scene = paint_scene(seed, (336, 336))
        encoding = segmenter.encode(scene.image)
        masks = [
            segmenter.segment(encoding, PromptSet.parse("\n".join([word, *others]))).labels == 1
            for word in (name, synonym)
        ]
        shared += (masks[0] & masks[1]).sum()
        total += (masks[0] | masks[1]).sum()
    assert total > 10_000
    assert shared / total > 0.7


def test_an_unknown_word_beside_known_ones_takes_little_and_is_named(segmenter: Segmenter):
    known = "\n".join(NAMES)
    taken = []
    for seed in range(5):
        areas, _, notes = _areas(segmenter, seed, f"{known}\nzebra")
        taken.append(areas["zebra"])
        assert any("zebra" in note for note in notes)
    assert np.mean(taken) < 0.05


@pytest.mark.parametrize("paint", ["red", "blue"])
def test_the_paint_of_a_ball_is_understood(segmenter: Segmenter, paint: str):
    stuff = "sky\nsea\nsand\ngrass\nsnow\nroad\nhouse\ntree\ncar\nboat\nballoon\ncloud\nmountain\nlighthouse\nmushroom"
    seeds = [seed for seed in range(1500) if _paints_of_balls(seed) == [paint]][:4]
    right = 0
    for seed in seeds:
        areas, _, _ = _areas(segmenter, seed, f"red ball\nblue ball\n{stuff}")
        right += areas[f"{paint} ball"] > 2 * areas[f"{'blue' if paint == 'red' else 'red'} ball"]
    assert right >= len(seeds) - 1 == 3


def _paints_of_balls(seed: int) -> list[str]:
    plan = plan_scene(seed, (336, 336))
    inside = (e for e in plan.elements if e.name == "ball" and e.box[1] > 0 and e.box[3] < 336)
    return [element.color for element in inside if element is plan.elements[-1]]

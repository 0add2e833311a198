import numpy as np
import pytest
import torch
from segment_anything import SamPredictor
from torch.nn import functional

from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.sam_decoder import (
    MASK_LOGIT,
    PROMPTS_AT_ONCE,
    DecoderPrompts,
    decode_masks,
    mask_prompt,
    to_pixels,
)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 90, 3), dtype=np.uint8)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("kind", ["point", "points", "box", "all"])
def test_answers_are_those_of_segment_anythings_predictor(
    embedder: Embedder, image: np.ndarray, kind: str, several: bool
) -> None:
    points = np.array([[12.0, 30.0], [60.0, 8.0]], np.float32)
    marks = np.array([1.0, 0.0], np.float32)
    box = np.array([5.0, 10.0, 70.0, 40.0], np.float32)
    mask = np.random.default_rng(1).normal(0, 4, (1, 32, 32)).astype(np.float32)
    used = {"point": (points[:1], marks[:1], None, None), "points": (points, marks, None, None)}
    used |= {"box": (None, None, box, None), "all": (points, marks, box, mask)}
    coords, labels, edges, logits = used[kind]
    predictor = SamPredictor(embedder.sam.module)
    predictor.set_image(image)
    masks, quality, low = predictor.predict(coords, labels, edges, logits, several, return_logits=True)

    prompts = DecoderPrompts(
        None if coords is None else coords[None],
        None if labels is None else labels[None],
        None if edges is None else edges[None],
        None if logits is None else torch.from_numpy(logits)[None],
    )
    embedding = embedder.embed(image)
    found = decode_masks(embedder.sam, embedding, prompts, several=several)
    assert np.allclose(found.logits[0].numpy(), low, atol=1e-4)
    assert np.allclose(found.quality[0].numpy(), quality, atol=1e-4)
    pixels = np.stack(list(to_pixels(embedder.sam, embedding, found.logits[0])))
    assert np.allclose(pixels, masks, atol=1e-4)


def test_prompts_are_cut_into_small_groups_without_losing_one(embedder: Embedder, image: np.ndarray) -> None:
    points = np.random.default_rng(2).uniform(0, 40, (2 * PROMPTS_AT_ONCE + 3, 1, 2)).astype(np.float32)
    prompts = DecoderPrompts(points, np.ones(points.shape[:2], np.float32))
    groups = list(prompts.chunks())
    assert [len(group) for group in groups] == [PROMPTS_AT_ONCE, PROMPTS_AT_ONCE, 3]
    embedding = embedder.embed(image)
    together = decode_masks(embedder.sam, embedding, prompts, several=False).logits
    apart = torch.cat([decode_masks(embedder.sam, embedding, group, several=False).logits for group in groups])
    assert torch.allclose(together, apart, atol=1e-4)


def test_coordinates_stay_in_single_precision(embedder: Embedder, image: np.ndarray) -> None:
    seen: list[torch.dtype] = []
    embedder.sam.module.prompt_encoder.register_forward_pre_hook(
        lambda _, args, kwargs: seen.extend([kwargs["points"][0].dtype, kwargs["boxes"].dtype]), with_kwargs=True
    )
    prompts = DecoderPrompts(
        np.ones((1, 1, 2)), np.ones((1, 1)), np.array([[0.0, 0.0, 9.0, 9.0]])
    )  # float64 by mistake
    decode_masks(embedder.sam, embedder.embed(image), prompts, several=False)
    assert seen == [torch.float32, torch.float32]


def test_a_region_as_a_mask_prompt_lies_where_the_network_sees_it(embedder: Embedder) -> None:
    region = np.zeros((48, 90), bool)
    region[12:40, 30:75] = True
    logits = mask_prompt(embedder.sam, region)
    assert logits.shape == (1, 32, 32)
    assert logits.abs().max() == MASK_LOGIT
    # the frame shows 90 x 90 pixels on 32 cells
    square = torch.zeros(90, 90)
    square[:48] = torch.from_numpy(region).float()
    expected = functional.interpolate(square[None, None], (32, 32), mode="area")[0, 0]
    assert torch.allclose((logits[0] / MASK_LOGIT + 1) / 2, expected, atol=1e-5)

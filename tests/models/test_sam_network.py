from collections.abc import Callable

import pytest
import torch
from segment_anything import sam_model_registry

from napari_cliptrase.errors import ModelError
from napari_cliptrase.lab.sam_training import DEMO_SHAPE
from napari_cliptrase.models.sam_network import SamShape, build_sam, empty_sam, read_shape


def _official(name: str) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        tensors: dict[str, torch.Tensor] = sam_model_registry[name]().state_dict()
    return tensors


@pytest.mark.parametrize("name", ["vit_b", "vit_l", "vit_h"])
def test_official_sizes_are_read_from_segment_anythings_own_tensors(name: str) -> None:
    tensors = _official(name)
    shape = read_shape(tensors, "file.pth")
    assert shape.name == name
    assert shape.image_size == 1024
    built = empty_sam(shape).state_dict()
    assert {key: value.shape for key, value in built.items()} == {key: value.shape for key, value in tensors.items()}


@pytest.mark.parametrize("name", ["vit_b", "vit_l", "vit_h"])
def test_heads_and_windows_are_those_of_the_official_network(name: str) -> None:
    with torch.device("meta"):
        official = sam_model_registry[name]()
    ours = empty_sam(read_shape(official.state_dict(), "file.pth"))
    for block, expected in zip(ours.image_encoder.blocks, official.image_encoder.blocks, strict=True):
        assert block.window_size == expected.window_size
        assert block.attn.num_heads == expected.attn.num_heads
    layer, expected = ours.mask_decoder.transformer.layers[0], official.mask_decoder.transformer.layers[0]
    assert layer.self_attn.num_heads == expected.self_attn.num_heads
    assert torch.equal(ours.pixel_mean, torch.tensor([123.675, 116.28, 103.53]).view(-1, 1, 1))


@pytest.mark.parametrize(
    "shape",
    [
        DEMO_SHAPE,
        SamShape(64, 16, 24, 3, 48, (2, 0, 2), 16, 1, 20, 8, 2, 2, 12),
        SamShape(96, 8, 32, 2, 64, (0, 0), 32, 3, 24, 16, 3, 4, 40),
    ],
)
def test_small_sizes_are_read_back_from_what_was_built(shape: SamShape) -> None:
    assert read_shape(build_sam(shape).state_dict(), "small.safetensors") == shape


def test_an_empty_network_computes_like_the_one_whose_weights_it_takes() -> None:
    shape = SamShape(64, 8, 32, 2, 64, (4, 0), 32, decoder_mlp_width=32, iou_width=32)
    torch.manual_seed(0)
    full = build_sam(shape)
    empty = empty_sam(shape)
    empty.load_state_dict(full.state_dict(), assign=True)
    image = torch.rand(3, 40, 64) * 255
    with torch.inference_mode():
        expected = full.image_encoder(full.preprocess(image)[None])
        assert torch.equal(empty.eval().image_encoder(empty.preprocess(image)[None]), expected)


@pytest.fixture
def without() -> Callable[[str], dict[str, torch.Tensor]]:
    tensors = _official("vit_b")
    return lambda part: {name: tensor for name, tensor in tensors.items() if part not in name}


@pytest.mark.parametrize("part", ["pos_embed", "rel_pos_h", "iou_token", "mask_downscaling", "iou_prediction_head"])
def test_missing_tensors_are_named(without: Callable[[str], dict[str, torch.Tensor]], part: str) -> None:
    with pytest.raises(ModelError, match=f"odd.pth is not a segment-anything checkpoint .*{part}"):
        read_shape(without(part), "odd.pth")

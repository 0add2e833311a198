"""Segment-anything networks: their shape, read from the tensors of a checkpoint, and the network built from it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from napari_cliptrase.errors import ModelError

# leaves no trace in the tensors; every published checkpoint has 256 channels in 8 heads
DECODER_HEAD_WIDTH: Final = 32
PUBLISHED_VARIANTS: Final[Mapping[int, str]] = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
_PIXEL_MEAN: Final = (123.675, 116.28, 103.53)
_PIXEL_STD: Final = (58.395, 57.12, 57.375)
MOBILE_MARK: Final = "image_encoder.patch_embed.seq.0.c.weight"

# name parts that only relatives of SAM have, and why these cannot be used
_RELATIVES: Final[Mapping[str, str]] = {
    "mask_decoder.hf_token": (
        "is an HQ-SAM checkpoint, whose extra mask token segment-anything would silently ignore; use the plain SAM "
        "checkpoint of the same size"
    ),
    "image_encoder.trunk.": "is a SAM 2 checkpoint, which has another encoder and decoder; use a SAM 1 checkpoint",
    "sam_mask_decoder.": "is a SAM 2 checkpoint, which has another encoder and decoder; use a SAM 1 checkpoint",
    "detector.backbone.": "is a SAM 3 checkpoint, which has another encoder and decoder; use a SAM 1 checkpoint",
}


@dataclass(frozen=True)
class SamShape:
    """The sizes that a segment-anything network is built from; ``windows`` has one entry a block, 0 is global."""

    image_size: int
    patch_size: int
    width: int
    heads: int
    mlp_width: int
    windows: tuple[int, ...]
    prompt_width: int
    decoder_depth: int = 2
    decoder_mlp_width: int = 2048
    mask_channels: int = 16
    multimask: int = 3
    iou_depth: int = 3
    iou_width: int = 256

    @property
    def grid(self) -> int:
        """Side of the image embedding."""
        return self.image_size // self.patch_size

    @property
    def name(self) -> str:
        """The official name of this size, or a description of it."""
        official = PUBLISHED_VARIANTS.get(self.width)
        if official and self.image_size == 1024 and self.patch_size == 16:
            return official
        return f"{len(self.windows)} blocks of width {self.width} for {self.image_size} pixels"


def make_sam(tensors: Mapping[str, Tensor], dtype: torch.dtype, source: str) -> tuple[Any, str]:
    """Return the network of a checkpoint with its weights, and what it is.

    The image encoder is in ``dtype``, the rest in float32, since prompts in half precision miss their place.
    ``source`` names the file in errors.
    """
    for mark, reason in _RELATIVES.items():
        if any(mark in name for name in tensors):
            raise ModelError(f"{source} {reason}.")
    if not any(name.startswith("mask_decoder.") for name in tensors):
        raise _no_sam(source, "it has no mask decoder")
    network: Any
    if MOBILE_MARK in tensors:
        network, title = _mobile_network(source), "MobileSAM"
    else:
        shape = read_shape(tensors, source)
        network, title = empty_sam(shape, source), f"Segment-anything network {shape.name}"
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    except RuntimeError as error:
        reasons = [line.strip() for line in str(error).splitlines() if line.strip()][1:2] or [str(error)]
        raise ModelError(
            f"{source} looks like a SAM checkpoint but does not fit the network of its size "
            f"({reasons[0][:160].rstrip('. ')}); only unchanged SAM networks can be used."
        ) from error
    network.image_encoder.to(dtype)
    return network.eval().requires_grad_(False), title


def _mobile_network(source: str) -> Any:
    if find_spec("mobile_sam") is None:
        raise ModelError(
            f"{source} is a MobileSAM checkpoint, which needs its own package: "
            "pip install git+https://github.com/ChaoningZhang/MobileSAM.git"
        )
    return import_module("mobile_sam").sam_model_registry["vit_t"](checkpoint=None)


def build_sam(shape: SamShape) -> Any:
    """Return a segment-anything network of a shape, with fresh weights, in evaluation mode."""
    parts = _modeling()
    local = [window for window in shape.windows if window]
    encoder = parts.ImageEncoderViT(
        img_size=shape.image_size,
        patch_size=shape.patch_size,
        embed_dim=shape.width,
        depth=len(shape.windows),
        num_heads=shape.heads,
        mlp_ratio=shape.mlp_width / shape.width,
        out_chans=shape.prompt_width,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=local[0] if local else 0,
        global_attn_indexes=tuple(i for i, window in enumerate(shape.windows) if window == 0),
    )
    prompts = parts.PromptEncoder(
        embed_dim=shape.prompt_width,
        image_embedding_size=(shape.grid, shape.grid),
        input_image_size=(shape.image_size, shape.image_size),
        mask_in_chans=shape.mask_channels,
    )
    decoder = parts.MaskDecoder(
        num_multimask_outputs=shape.multimask,
        transformer=parts.TwoWayTransformer(
            depth=shape.decoder_depth,
            embedding_dim=shape.prompt_width,
            mlp_dim=shape.decoder_mlp_width,
            num_heads=max(shape.prompt_width // DECODER_HEAD_WIDTH, 1),
        ),
        transformer_dim=shape.prompt_width,
        iou_head_depth=shape.iou_depth,
        iou_head_hidden_dim=shape.iou_width,
    )
    return parts.Sam(encoder, prompts, decoder, list(_PIXEL_MEAN), list(_PIXEL_STD)).eval()


def read_shape(tensors: Mapping[str, Tensor], source: str) -> SamShape:
    """Return the shape of the network that ``tensors`` belong to; ``source`` names the file in the error."""
    try:
        return _read_shape(tensors)
    except KeyError as error:
        raise _no_sam(source, f"it lacks {error}") from error
    except (ValueError, IndexError, TypeError, ArithmeticError) as error:
        raise _no_sam(source, "its tensors have shapes that no such network has") from error


def _no_sam(source: str, reason: str) -> ModelError:
    return ModelError(
        f"{source} is not a segment-anything checkpoint ({reason}); choose a file such as sam_vit_b_01ec64.pth, or a "
        "model made from one."
    )


def _read_shape(tensors: Mapping[str, Tensor]) -> SamShape:
    width, _, patch, _ = tensors["image_encoder.patch_embed.proj.weight"].shape
    grid = tensors["image_encoder.pos_embed"].shape[1]
    prompt_width = tensors["mask_decoder.iou_token.weight"].shape[1]
    windows = []
    for i in range(_count(tensors, "image_encoder.blocks.")):
        reach = (tensors[f"image_encoder.blocks.{i}.attn.rel_pos_h"].shape[0] + 1) // 2
        windows.append(0 if reach == grid else reach)
    iou_depth = _count(tensors, "mask_decoder.iou_prediction_head.layers.")
    return SamShape(
        image_size=grid * patch,
        patch_size=patch,
        width=width,
        heads=width // tensors["image_encoder.blocks.0.attn.rel_pos_h"].shape[1],
        mlp_width=tensors["image_encoder.blocks.0.mlp.lin1.weight"].shape[0],
        windows=tuple(windows),
        prompt_width=prompt_width,
        decoder_depth=_count(tensors, "mask_decoder.transformer.layers."),
        decoder_mlp_width=tensors["mask_decoder.transformer.layers.0.mlp.lin1.weight"].shape[0],
        mask_channels=tensors["prompt_encoder.mask_downscaling.3.weight"].shape[0],
        multimask=tensors["mask_decoder.mask_tokens.weight"].shape[0] - 1,
        iou_depth=iou_depth,
        iou_width=tensors["mask_decoder.iou_prediction_head.layers.0.weight"].shape[0],
    )


def _count(tensors: Mapping[str, Tensor], prefix: str) -> int:
    """Return how many numbered parts there are below ``prefix``."""
    numbers = {int(name[len(prefix) :].split(".")[0]) for name in tensors if name.startswith(prefix)}
    if numbers != set(range(len(numbers))):
        raise ValueError(f"{prefix}: numbers are left out")
    return len(numbers)


def empty_sam(shape: SamShape, source: str = "The file") -> Any:
    """Return a network of a shape without memory for its weights, ready for ``load_state_dict(…, assign=True)``.

    ``source`` names the file in the error when there can be no network of that shape.
    """
    try:
        with torch.device("meta"), _Blank():
            network = build_sam(shape)
    except (ValueError, RuntimeError, AssertionError, ArithmeticError) as error:
        raise _no_sam(source, "its tensors have shapes that no such network has") from error
    # the only buffers that no checkpoint holds
    network.pixel_mean = torch.tensor(_PIXEL_MEAN).view(-1, 1, 1)
    network.pixel_std = torch.tensor(_PIXEL_STD).view(-1, 1, 1)
    return network


class _Blank(TorchFunctionMode):
    """Computes no first values for weights: torch loads its compiler to draw and to multiply without memory."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(function, "__module__", "") == "torch.nn.init" or function.__name__ == "mul":
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


def _modeling() -> ModuleType:
    """Return the networks of segment_anything alone: the package itself imports torchvision, which takes seconds."""
    name = "segment_anything_modeling"
    if name not in sys.modules:
        package = find_spec("segment_anything")
        if package is None or package.origin is None:
            raise ModelError("The package segment_anything is missing; install it with: pip install segment-anything")
        folder = Path(package.origin).parent / "modeling"
        spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]

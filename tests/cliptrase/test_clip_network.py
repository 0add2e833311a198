"""Our networks hold what open_clip's hold, and compute the same to the last bit."""

from collections.abc import Callable

import pytest
import torch
from open_clip.model import CLIP, CustomTextCLIP, convert_weights_to_lp
from torch import nn

from napari_cliptrase.cliptrase.clip_network import ClipNetwork
from napari_cliptrase.cliptrase.clip_shape import ClipShape, TextShape, TransformerShape, VisionShape
from napari_cliptrase.cliptrase.encoder import encode
from napari_cliptrase.cliptrase.text_towers import Tokenizer
from napari_cliptrase.cliptrase.towers import text_tower, vision_tower
from napari_cliptrase.errors import ModelError


def twin(theirs: nn.Module, shape: ClipShape) -> ClipNetwork:
    """Our network with the weights of theirs."""
    weights = {
        name if name.startswith(("visual.", "text.", "logit_")) else f"text.{name}": value
        for name, value in theirs.state_dict().items()
    }
    ours = ClipNetwork(shape)
    ours.load_state_dict(weights)
    return ours.eval()


def shape(quick_gelu: bool, *, layer_scale: bool = False, norm_before: bool = True, **text: object) -> ClipShape:
    vision = TransformerShape(32, 3, 2, 128, layer_scale)
    words = TransformerShape(32, 2, 2, 128, layer_scale)
    return ClipShape(
        24,
        VisionShape(vision, 16, (4, 4), norm_before),
        TextShape(words, 77, 49408, **text),
        quick_gelu,  # type: ignore[arg-type]
    )


CASES = [
    (True, {}, {}, shape(True)),
    (False, {}, {}, shape(False)),
    (True, {"no_ln_pre": True}, {"proj_bias": True}, shape(True, norm_before=False, projection="layer")),
    (
        False,
        {"ls_init_value": 0.1},
        {"ls_init_value": 0.1, "pool_type": "eos", "eos_id": 49407},
        shape(False, layer_scale=True, end=49407),
    ),
]


# open_clip cannot lower the precision of a projection with bias
LOWERED = [(*case, torch.bfloat16) for case in CASES if "proj_bias" not in case[2]]


@pytest.mark.parametrize(
    ("quick_gelu", "vision", "text", "sizes", "dtype"), [*((*case, torch.float32) for case in CASES), *LOWERED]
)
def test_towers_over_our_network_give_what_those_over_open_clips_give(
    make_clip: Callable[..., CLIP],
    tokenizer: Tokenizer,
    images: torch.Tensor,
    quick_gelu: bool,
    vision: dict[str, object],
    text: dict[str, object],
    sizes: ClipShape,
    dtype: torch.dtype,
) -> None:
    theirs = make_clip(quick_gelu, text=text, cast_dtype=dtype, **vision)
    ours = twin(theirs, sizes)
    if dtype != torch.float32:
        convert_weights_to_lp(theirs, dtype)
        ours.lower_precision(dtype)
    sentences = ["a cat", "a photo of two very small dogs.", ""]
    with torch.inference_mode():
        mine, other = (encode(vision_tower(model), images.to(dtype)) for model in (ours, theirs))
        assert torch.equal(mine.features, other.features)
        assert torch.equal(mine.cls, other.cls)
        assert mine.correlation is not None
        assert other.correlation is not None
        assert torch.equal(mine.correlation, other.correlation)
        words = (text_tower(model, tokenizer).encode(sentences) for model in (ours, theirs))
        assert torch.equal(*words)


def test_a_text_side_without_projection() -> None:
    config = {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16}
    theirs = CustomTextCLIP(24, config, {"width": 24, "heads": 2, "layers": 1, "proj_type": "none"})
    sizes = ClipShape(
        24,
        VisionShape(TransformerShape(32, 2, 2, 128), 16, (4, 4)),
        TextShape(TransformerShape(24, 1, 2, 96), 77, 49408, projection="none"),
        False,
    )
    assert twin(theirs, sizes).state_dict().keys() == theirs.state_dict().keys()


def test_one_block_is_too_few_to_recover_correlation() -> None:
    sizes = shape(True)
    short = VisionShape(TransformerShape(32, 1, 2, 128), 16, (4, 4))
    with pytest.raises(ModelError, match="fewer than two transformer blocks"):
        vision_tower(ClipNetwork(ClipShape(24, short, sizes.text, True)))

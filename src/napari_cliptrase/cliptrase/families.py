"""Which image towers the method can work with, and one sentence for each kind that it cannot."""

from typing import Any

from torch import nn

from napari_cliptrase.cliptrase.clip_network import VisionNetwork

_WORKS = "use a ViT with a class token, such as ViT-B-16/openai"


def refusal(visual: Any) -> str | None:
    """Say in one sentence why an image tower cannot be used, or None when it can."""
    name = type(visual).__name__
    if isinstance(visual, VisionNetwork):
        reason = _too_short(len(visual.transformer.resblocks))
    elif name == "VisionTransformer" and hasattr(visual, "conv1"):
        reason = _open_clip_reason(visual)
    elif hasattr(visual, "trunk"):
        name = type(visual.trunk).__name__
        reason = _timm_reason(visual)
    elif "ResNet" in name:
        reason = "a ResNet has no class token and no attention layers to recover correlation from"
    else:
        reason = "it is not a plain vision transformer with a class token"
    return None if reason is None else f"The image tower {name} cannot be used for segmentation: {reason}; {_WORKS}."


def _open_clip_reason(visual: Any) -> str | None:
    blocks = visual.transformer.resblocks
    if visual.attn_pool is not None:
        return "its attentional pooler (CoCa) leaves the patches outside the space shared with text"
    if visual.pool_type != "tok":
        return f"it pools by '{visual.pool_type}', so its class token was never trained to match text (CLIPA)"
    if visual.final_ln_after_pool:
        return "its last norm comes after pooling, so patches and class token are not in the same space"
    if visual.conv1.kernel_size[0] != visual.conv1.kernel_size[1]:
        return "its patches are not square"
    return _too_short(len(blocks)) or _open_clip_block_reason(blocks[0])


def _open_clip_block_reason(block: Any) -> str | None:
    attention = block.attn
    if getattr(attention, "in_proj_weight", None) is None or not hasattr(attention, "out_proj"):
        return "its attention does not have one joint projection to queries, keys and values"
    if _any_real(attention, "ln_q", "ln_k", "ln_inner", "logit_scale", "head_scale"):
        return "its attention normalises or rescales queries and keys"
    if _any_real(block, "ln_attn") or _any_real(block.mlp, "ln"):
        return "its blocks have norms of their own after attention or inside the MLP"
    return None


def _timm_reason(visual: Any) -> str | None:
    trunk = visual.trunk
    kind = type(trunk).__name__.lower()
    for family, why in _TIMM_FAMILIES.items():
        if family in kind:
            return why
    if not all(hasattr(trunk, part) for part in ("patch_embed", "blocks", "pos_embed", "norm", "fc_norm")):
        return "it is not a plain vision transformer"
    if trunk.attn_pool is not None:
        return "it pools with an attention head (SigLIP), so its patches were never trained to match text"
    if trunk.cls_token is None:
        return "it has no class token"
    if trunk.global_pool != "token" or not isinstance(trunk.fc_norm, nn.Identity):
        return "it averages its patches, so its class token was never trained to match text"
    if trunk.num_prefix_tokens != 1 or trunk.pos_embed is None:
        return "it has register tokens or no learned positions"
    if not isinstance(getattr(trunk.patch_embed, "proj", None), nn.Conv2d):
        return "it cuts the image into patches by several convolutions"
    return _too_short(len(trunk.blocks)) or _timm_block_reason(trunk.blocks[0])


def _timm_block_reason(block: Any) -> str | None:
    attention, mlp = getattr(block, "attn", None), getattr(block, "mlp", None)
    if getattr(attention, "qkv", None) is None or not all(hasattr(mlp, part) for part in ("fc1", "act", "fc2")):
        return "its blocks do not have one joint projection to queries, keys and values and a plain MLP"
    if _any_real(attention, "q_norm", "k_norm", "norm", "gate") or _any_real(mlp, "norm", "gate"):
        return "its attention or MLP has norms or gates inside"
    return None


def _any_real(module: Any, *parts: str) -> bool:
    """Whether any of these parts is there and does something."""
    found = (getattr(module, part, None) for part in parts)
    return any(part is not None and not isinstance(part, nn.Identity) for part in found)


def _too_short(blocks: int) -> str | None:
    return None if blocks >= 2 else "it has fewer than two transformer blocks"


_TIMM_FAMILIES = {
    "convnext": "a ConvNeXt has no class token and no attention layers to recover correlation from",
    "resnet": "a ResNet has no class token and no attention layers to recover correlation from",
    "swin": "a Swin transformer has no class token and attends inside windows only",
    "eva": "its rotary positions and gated MLP are not supported",
    "fastvit": "a FastViT has no class token and hardly any attention",
    "byobnet": "a convolutional network has no class token and hardly any attention",
    "vitamin": "a ViTamin has no class token",
}

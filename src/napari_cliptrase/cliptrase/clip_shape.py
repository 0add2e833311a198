"""Sizes of plain CLIP models: what `clip_network` builds them from. Free of torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TransformerShape:
    """Sizes of a stack of transformer blocks."""

    width: int
    layers: int
    heads: int
    mlp_width: int
    layer_scale: bool = False


@dataclass(frozen=True)
class VisionShape:
    """Sizes of an image side; ``grid`` is (h, w) patches of the size that it was trained at."""

    transformer: TransformerShape
    patch: int
    grid: tuple[int, int]
    norm_before: bool = True


@dataclass(frozen=True)
class TextShape:
    """Sizes of a text side.

    ``end`` is the number of the end token, None where it is the highest of a sentence; ``projection`` says how features
    reach the shared space.
    """

    transformer: TransformerShape
    context: int
    vocabulary: int
    end: int | None = None
    projection: str = "matrix"
    """``matrix``, ``layer`` (with bias) or ``none``."""


@dataclass(frozen=True)
class ClipShape:
    """Sizes of a CLIP model.

    ``dim`` is the length of a feature, ``quick_gelu`` the kind of activation; ``scale_shape`` is that of the logit
    scale, and ``bias`` says whether there is one to logits.
    """

    dim: int
    vision: VisionShape
    text: TextShape
    quick_gelu: bool
    scale_shape: tuple[int, ...] = ()
    bias: bool = False

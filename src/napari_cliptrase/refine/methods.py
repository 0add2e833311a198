"""The refinement methods by name; torch is imported when one that needs it is made."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:
    from napari_cliptrase.models.load import SamModel
    from napari_cliptrase.refine.embedding import Embedder


class Method(StrEnum):
    """How labels are sharpened."""

    SAM_VOTE = "sam-vote"
    """SAM finds masks of everything; each takes the class that most of its pixels have."""
    SAM_PROMPTS = "sam-prompts"
    """Each piece of each class asks SAM for its outline; unsure answers are refused."""
    SUPERPIXELS = "superpixels"
    """Small pieces of even colour take their majority class; no model, fast on any computer."""
    PAMR = "pamr"
    """Every pixel takes on what pixels of its colour around it are; no model."""

    @property
    def needs_sam(self) -> bool:
        """Whether it works with a SAM model."""
        return self in (Method.SAM_VOTE, Method.SAM_PROMPTS)


def make_refiner(
    method: Method | str, sam: "str | SamModel | Embedder" = "demo", device: str = "auto", **options: Any
) -> MaskRefiner:
    """Return the refiner of a method.

    Parameters
    ----------
    method
        ``sam-vote``, ``sam-prompts``, ``superpixels`` or ``pamr``.
    sam
        What `napari_cliptrase.models.load.load_sam` accepts or returns, or an `Embedder`, which several refiners can
        share so that each image is encoded once.
    device
        For a ``sam`` that is a name.
    options
        Fields of `VoteOptions`, `PromptOptions`, `SuperpixelOptions` or `PamrOptions`.
    """
    try:
        chosen = Method(method)
    except ValueError:
        raise CliptraseError(f"{method!r} is no refinement method; choose {', '.join(Method)}.") from None
    made = check_options(chosen, options)  # before a model is downloaded
    if chosen is Method.SUPERPIXELS:
        from napari_cliptrase.refine.superpixels import Superpixels

        return Superpixels(made)
    if chosen is Method.PAMR:
        from napari_cliptrase.refine.pamr import Pamr

        return Pamr(made)
    if chosen is Method.SAM_VOTE:
        from napari_cliptrase.refine.sam_vote import SamVote

        return SamVote(_embedder(sam, device), made)
    from napari_cliptrase.refine.sam_prompts import SamPrompts

    return SamPrompts(_embedder(sam, device), made)


def check_options(method: Method, options: Mapping[str, Any]) -> Any:
    """Return the options of a method as its own value, such as `VoteOptions`; raise a sentence for an unknown one."""
    kind = _options_of(method)
    try:
        return kind(**options)
    except TypeError:
        known = ", ".join(kind.__dataclass_fields__)
        raise CliptraseError(f"{method} has no option {', '.join(options)}; it knows {known}.") from None


def _options_of(method: Method) -> Any:
    if method is Method.SUPERPIXELS:
        from napari_cliptrase.refine.superpixels import SuperpixelOptions

        return SuperpixelOptions
    if method is Method.PAMR:
        from napari_cliptrase.refine.pamr import PamrOptions

        return PamrOptions
    if method is Method.SAM_VOTE:
        from napari_cliptrase.refine.sam_vote import VoteOptions

        return VoteOptions
    from napari_cliptrase.refine.sam_prompts import PromptOptions

    return PromptOptions


def _embedder(sam: "str | SamModel | Embedder", device: str) -> "Embedder":
    from napari_cliptrase.models.load import load_sam
    from napari_cliptrase.refine.embedding import Embedder

    if isinstance(sam, Embedder):
        return sam
    return Embedder(load_sam(sam, device) if isinstance(sam, str) else sam)

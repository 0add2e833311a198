"""The refinement methods by name; torch is imported when one that needs it is made."""

from collections.abc import Generator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.refine.protocol import MaskRefiner

if TYPE_CHECKING:
    from napari_cliptrase.models.loaded_models import SamModel
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
    PROPAGATION = "propagation"
    """Scores flow between patches that are alike, then with the labels between pixels of one colour; no model."""

    @property
    def needs_sam(self) -> bool:
        """Whether it works with a SAM model."""
        return self in (Method.SAM_VOTE, Method.SAM_PROMPTS)


METHOD_HELP: Final = (
    "sam-vote for scenes and sam-prompts for objects need a SAM; without one superpixels or pamr follow colours, and "
    "propagation clear edges between even colours, by what patches are alike as well."
)
"""What each method is good for, for the help of commands."""


def make_refiner(
    method: Method | str, sam: "str | SamModel | Embedder" = "demo", device: str = "auto", **options: Any
) -> MaskRefiner:
    """Return the refiner of a method: `load_refiner_steps` in one call.

    Parameters
    ----------
    method
        ``sam-vote``, ``sam-prompts``, ``superpixels``, ``pamr`` or ``propagation``.
    sam
        What `napari_cliptrase.models.load.load_sam` accepts or returns, or an `Embedder`, which several refiners can
        share so that each image is encoded once.
    device
        For a ``sam`` that is a name.
    options
        Fields of `VoteOptions`, `PromptOptions`, `SuperpixelOptions`, `PamrOptions` or `PropagationOptions`.
    """
    return run_to_end(load_refiner_steps(method, sam, device, options))


def load_refiner_steps(
    method: Method | str,
    sam: "str | SamModel | Embedder" = "demo",
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
) -> Generator[Progress, None, MaskRefiner]:
    """Make a refiner, and load its SAM when it needs one; see `make_refiner` for the parameters.

    Method and options are checked before anything is loaded.
    """
    try:
        chosen = Method(method)
    except ValueError:
        raise CliptraseError(f"{method!r} is not a refinement method; choose {', '.join(Method)}.") from None
    made = check_options(chosen, options or {})
    if chosen is Method.SUPERPIXELS:
        from napari_cliptrase.refine.superpixels import Superpixels

        return Superpixels(made)
    if chosen is Method.PAMR:
        from napari_cliptrase.refine.pamr import Pamr

        return Pamr(made)
    if chosen is Method.PROPAGATION:
        from napari_cliptrase.refine.propagation import Propagation

        return Propagation(made)
    from napari_cliptrase.refine.embedding import load_embedder_steps

    embedder = yield from load_embedder_steps(sam, device)
    if chosen is Method.SAM_VOTE:
        from napari_cliptrase.refine.sam_vote import SamVote

        return SamVote(embedder, made)
    from napari_cliptrase.refine.sam_prompts import SamPrompts

    return SamPrompts(embedder, made)


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
    if method is Method.PROPAGATION:
        from napari_cliptrase.refine.propagation import PropagationOptions

        return PropagationOptions
    if method is Method.SAM_VOTE:
        from napari_cliptrase.refine.sam_vote import VoteOptions

        return VoteOptions
    from napari_cliptrase.refine.sam_prompts import PromptOptions

    return PromptOptions

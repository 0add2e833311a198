"""What a line of a table is: a way to segment, and the words that are asked for."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Absent, Denoise, Recovery, Vote
from napari_cliptrase.engine.method_choice import MethodChoice
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.labelled_images import Truth
from napari_cliptrase.refine.methods import Method

PUBLISHED_SIZES: Final = (224, 336)


class EvaluationProtocol(StrEnum):
    """Which pixels are scored, and how."""

    PAPER = "paper"
    """The central square at 224 or 336 pixels, scored as the published code of CLIPtrase does."""
    FULL = "full"
    """The whole image at its own size and aspect, scored as the field does."""

    def settings(self, size: int) -> Settings:
        """Return the settings of CLIPtrase with a short side of ``size`` pixels."""
        if self is EvaluationProtocol.PAPER:
            return Settings.paper(size)
        return MethodChoice.PUBLISHED.applied(Settings(resolution=size))


@dataclass(frozen=True)
class Vocabulary:
    """The words of a run, and which class a label of the result stands for.

    Attributes
    ----------
    prompts
        What is asked for.
    indices
        Index into the classes of the images for each label from 0 on.
    """

    prompts: PromptSet
    indices: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, prompts: PromptSet, classes: int, *, background: bool = False) -> "Vocabulary":
        """Make a vocabulary: prompts 1, 2, … are the first ``classes`` classes; further ones count as no class at all.

        With ``background`` the last class is label 0 instead.
        """
        named = classes - 1 if background else classes
        size = 1 + max(named, *prompts.ids)
        indices = np.full(size, classes)
        indices[1 : named + 1] = np.arange(named)
        if background:
            indices[0] = classes - 1
            indices[named + 1 :] = classes - 1
        return cls(prompts, tuple(indices.tolist()))

    def indices_of(self, labels: NDArray[np.integer]) -> Truth:
        """(H, W) int32 class index of each pixel of labels (H, W)."""
        return np.asarray(np.asarray(self.indices, np.int32)[labels])


@dataclass(frozen=True)
class EvaluationRow:
    """A line of a table.

    Attributes
    ----------
    name
        Of the line.
    settings
        How images are segmented.
    vocabulary
        What is asked for.
    refine
        How the result is sharpened, if at all.
    """

    name: str
    settings: Settings
    vocabulary: Vocabulary = field(repr=False)
    refine: Method | None = None

    def record(self) -> dict[str, Any]:
        """Return what tells this line from others, fit for JSON."""
        return {
            "settings": json.loads(self.settings.to_json()),
            "classes": [list(entry.phrases) for entry in self.vocabulary.prompts],
            "background": list(self.vocabulary.prompts.background),
            "refine": None if self.refine is None else str(self.refine),
        }


Change = Callable[[Settings], Settings]


def _with(**changes: Any) -> Change:
    return lambda settings: replace(settings, **changes)


def _peer(recovery: Recovery) -> Change:
    return _with(recovery=recovery, vote=Vote.OFF)


def _recommended(settings: Settings) -> Settings:
    chosen = MethodChoice.RECOMMENDED.applied(settings)
    # a crop is the paper's: its position kernel and regions stay
    if not settings.crop:
        return chosen
    return replace(chosen, kernel=settings.kernel, eps=settings.eps, min_samples=settings.min_samples)


METHOD_CHANGES: Final[Mapping[str, Change]] = {
    "vanilla": _peer(Recovery.VANILLA),
    "+ recovery": _peer(Recovery.CLIPTRASE),
    "+ clustering vote": _with(denoise=Denoise.NONE),
    "cliptrase": _with(),
    **{
        recovery.value: _peer(recovery)
        for recovery in (Recovery.SCLIP, Recovery.CLEARCLIP, Recovery.NACLIP, Recovery.MASKCLIP, Recovery.SC_CLIP)
    },
    "soft vote": _with(vote=Vote.SOFT),
    "recommended": _recommended,
}
"""The peers as they were published: without regions."""

LADDER: Final = ("vanilla", "+ recovery", "+ clustering vote", "cliptrase")
"""Each rung adds one step of the method to the one before; the last is the whole method."""

_WITHOUT_PRIOR: Final = ("vanilla", "sclip", "clearclip", "naclip", "maskclip", "sc-clip")

PEERS: Final = ("sclip", "clearclip", "naclip", "maskclip", "sc-clip")

FURTHER_ROWS: Final = (
    "soft vote",
    "recommended",
    *(f"recommended:{test}" for test in (Absent.PURIFY, Absent.PEAK)),
    *(f"recommended:{method}" for method in Method if not method.needs_sam),
)
"""What goes beyond the published method without a further model: our defaults, absent classes, sharper boundaries."""

_ADDITIONS: Final[Mapping[str, Change]] = {
    **{test.value: _with(absent=test) for test in (Absent.PURIFY, Absent.PEAK)},
    **{f"{vote.value}-vote": _with(vote=vote) for vote in Vote},
    "no-denoise": _with(denoise=Denoise.NONE),
}


def row(name: str, settings: Settings, vocabulary: Vocabulary) -> EvaluationRow:
    """Make the line of a method on the settings of a protocol.

    ``name`` is a method, and what is added to it: ``sc-clip``, ``naclip:purify``, ``cliptrase:soft-vote:pamr``.
    """
    method, *additions = (part.strip() for part in name.split(":"))
    if method not in METHOD_CHANGES:
        raise CliptraseError(f"There is no method {method!r}; choose {', '.join(METHOD_CHANGES)}.")
    settings = METHOD_CHANGES[method](settings)
    refine = None
    for addition in additions:
        if addition in _ADDITIONS:
            settings = _ADDITIONS[addition](settings)
        elif addition in tuple(Method):
            refine = Method(addition)
        else:
            known = ", ".join([*_ADDITIONS, *Method])
            raise CliptraseError(f"Nothing called {addition!r} can be added to {method}; choose {known}.")
    return EvaluationRow(":".join([method, *additions]), settings, vocabulary, refine)


def rows_of(
    names: Sequence[str], settings: Settings, vocabulary: Vocabulary, *, prior: bool = False
) -> tuple[EvaluationRow, ...]:
    """Make the lines of several methods; a name may hold several, with commas between them.

    ``prior`` multiplies by the scores of the image as a whole, which CLIPtrase's code does on VOC20 and peers do not.
    """
    parts = dict.fromkeys(part.strip() for name in names for part in name.split(",") if part.strip())
    return tuple(
        row(name, replace(settings, prior=prior and name.split(":")[0] not in _WITHOUT_PRIOR), vocabulary)
        for name in parts
    )

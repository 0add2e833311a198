"""What examples teach a prompt set: the embedding of each class moves until its examples lead by a margin.

What patches are too coarse for is then added by spots, see `napari_cliptrase.learn.spot_corrections`.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from napari_cliptrase.array_types import Floats
from napari_cliptrase.classes.prompt_class import BACKGROUND
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.score import EmbeddedPhrases
from napari_cliptrase.learn.corrections import TaughtPatches, corrections
from napari_cliptrase.learn.lesson import class_key
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.learn.spot_corrections import SpotCorrection, TaughtSpots, spot_correction

_SILENCE = 1e4
"""So much lower a logit has a probability of 0 in float32."""


def taught_names(prompts: PromptSet) -> list[str]:
    """Return the names under which examples meet the class indices of a prompt set, the background at the end.

    Examples of the background are called `BACKGROUND`; they count where the prompt set has background phrases.
    """
    names = [entry.name for entry in prompts]
    return [*names, BACKGROUND] if prompts.background else names


@dataclass(frozen=True, eq=False)
class Taught:
    """Phrases as examples correct them, and what spots add to them; None where no spot counts."""

    phrases: EmbeddedPhrases
    spots: SpotCorrection | None = field(default=None, repr=False)


def teach(
    phrases: EmbeddedPhrases, prompts: PromptSet, memory: LessonMemory, scale: float, *, texture: bool = False
) -> Taught:
    """Return what examples make of phrases; the very same phrases when no example concerns these classes.

    With ``texture``, spots teach what the patches leave open.
    """
    names = taught_names(prompts)
    taught = _teach_patches(phrases, TaughtPatches.of(memory.lessons, names), scale)
    spots = TaughtSpots.of(memory.lessons, names) if texture else None
    if spots is None:
        return Taught(taught)
    taught = replace(taught, silent=taught.silent.difference(spots.owner.tolist()))
    logits = _class_logits(taught, spots.around, scale)
    logits[:, list(taught.silent)] = logits.min() - _SILENCE
    return Taught(taught, spot_correction(spots, logits))


def _teach_patches(phrases: EmbeddedPhrases, patches: TaughtPatches | None, scale: float) -> EmbeddedPhrases:
    """Move phrases by what patches teach.

    All phrases of a class move by the same vector. Rows that moved are no longer of unit length, and cosines with them
    are no longer cosines: ``scale`` times their product with a patch is its logit, as before.
    """
    if patches is None:
        return phrases
    change = corrections(patches, _class_logits(phrases, patches.features, scale), phrases.silent)
    shown = {int(index) for index in np.unique(patches.owner[~patches.negative])}
    if not change.any() and not phrases.silent & shown:
        return phrases
    return replace(
        phrases,
        text=phrases.text + torch.from_numpy(change / np.float32(scale))[phrases.owner],
        silent=phrases.silent - shown,
    )


def _class_logits(phrases: EmbeddedPhrases, features: Floats, scale: float) -> Floats:
    """(n, classes) what the best phrase of each class says about features (n, d)."""
    by_phrase = features @ (scale * phrases.text.numpy()).T
    starts = np.flatnonzero(np.diff(phrases.owner, prepend=-1))
    return np.asarray(np.maximum.reduceat(by_phrase, starts, axis=1))


def teaching_record(prompts: PromptSet, memory: LessonMemory, spots: SpotCorrection | None = None) -> dict[str, object]:
    """Return how many examples each class of a prompt set had, and whether spots counted, fit for JSON."""
    counts = memory.counts()
    known = {name: counts[key] for name in taught_names(prompts) if (key := class_key(name)) in counts}
    return {"classes": known, "sha256": memory.sha256, "texture": spots is not None}


def without_examples(prompts: PromptSet, memory: LessonMemory) -> tuple[str, ...]:
    """Say in a sentence which classes none of the examples is called, since a name may be misspelt."""
    known = set(memory.counts())
    alone = [entry.name for entry in prompts if class_key(entry.name) not in known]
    if not alone:
        return ()
    taught = ", ".join(sorted(known)) or "no class"
    return (f"No example is called {', '.join(alone)}; the name alone decides there. Examples are of {taught}.",)

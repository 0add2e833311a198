"""What examples teach a prompt set: the embedding of each class moves until its examples lead by a margin."""

from dataclasses import replace

import numpy as np
import torch

from napari_cliptrase.classes.prompt_class import BACKGROUND
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.score import EmbeddedPhrases
from napari_cliptrase.learn.corrections import TaughtPatches, corrections
from napari_cliptrase.learn.lesson import class_key
from napari_cliptrase.learn.lesson_memory import LessonMemory


def taught_names(prompts: PromptSet) -> list[str]:
    """Return the names under which examples meet the class indices of a prompt set, the background at the end.

    Examples of the background are called `BACKGROUND`; they count where the prompt set has background phrases.
    """
    names = [entry.name for entry in prompts]
    return [*names, BACKGROUND] if prompts.background else names


def teach(phrases: EmbeddedPhrases, prompts: PromptSet, memory: LessonMemory, scale: float) -> EmbeddedPhrases:
    """Return the phrases as examples correct them; the very same when no example concerns these classes.

    All phrases of a class move by the same vector. Rows that moved are no longer of unit length, and cosines with them
    are no longer cosines: ``scale`` times their product with a patch is its logit, as before.
    """
    names = taught_names(prompts)
    patches = TaughtPatches.of(memory.lessons, names)
    if patches is None:
        return phrases
    by_phrase = patches.features @ (scale * phrases.text.numpy()).T
    starts = np.flatnonzero(np.diff(phrases.owner, prepend=-1))
    logits = np.maximum.reduceat(by_phrase, starts, axis=1)
    change = corrections(patches, logits, phrases.silent)
    shown = {int(index) for index in np.unique(patches.owner[~patches.negative])}
    if not change.any() and not phrases.silent & shown:
        return phrases
    return replace(
        phrases,
        text=phrases.text + torch.from_numpy(change / np.float32(scale))[phrases.owner],
        silent=phrases.silent - shown,
    )


def teaching_record(prompts: PromptSet, memory: LessonMemory) -> dict[str, object]:
    """Return how many examples each class of a prompt set had, fit for JSON."""
    counts = memory.counts()
    known = {name: counts[key] for name in taught_names(prompts) if (key := class_key(name)) in counts}
    return {"classes": known, "sha256": memory.sha256}


def without_examples(prompts: PromptSet, memory: LessonMemory) -> tuple[str, ...]:
    """Say in a sentence which classes none of the examples is called, since a name may be misspelt."""
    known = set(memory.counts())
    alone = [entry.name for entry in prompts if class_key(entry.name) not in known]
    if not alone:
        return ()
    taught = ", ".join(sorted(known)) or "no class"
    return (f"No example is called {', '.join(alone)}; the name alone decides there. Examples are of {taught}.",)

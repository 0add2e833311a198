"""From lessons to corrections of the class scores: a ridge around what the text says, each step in closed form.

Every patch of a lesson asks that its class wins the softmax over all classes. Where the text already does that nothing
is left to correct; so words that the model knows stay as they are, and words that it does not know are learned. How
strongly a class is held at its text depends on how often the text was right about it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.learn.lesson import Lesson, class_key

SOFTNESS = 2.0
"""Lessons are read at logits divided by this, so that a class leads by more than a hair before a patch is content."""
SETTLED = 0.02
"""A probability that is this close to what a lesson asks for needs no correction."""
WEAKEST_RIDGE, STRONGEST_RIDGE = 0.1, 10.0
"""How strongly a class is held at its text when the text is always wrong about it, and when it is always right."""
DOUBT = 20.0
"""Painted patches that it takes before the text of a class is distrusted."""
REFUSAL = 4.0
"""A patch that a person says is *not* the class counts for so many that only were of another class."""
ROUNDS = 12
"""Steps towards the best weights; each solves the ridge, and goes on in the direction of the one before."""
LARGEST_BOOST = 20.0
"""A patch of a class with few patches counts for at most this many times its number."""


@dataclass(frozen=True, eq=False)
class TaughtPatches:
    """The patches of all lessons on given classes, in one table.

    Attributes
    ----------
    features
        (n, d) float32.
    owner
        (n,) index of the class that each patch belongs to, or does not.
    weight
        (n,) float32.
    negative
        (n,) whether the patch does not belong to its class.
    """

    features: Floats
    owner: NDArray[np.intp]
    weight: Floats
    negative: NDArray[np.bool_]

    @classmethod
    def of(cls, lessons: Sequence[Lesson], names: Sequence[str]) -> "TaughtPatches | None":
        """Collect the patches of lessons whose class is among ``names``; None when there are none."""
        index = {class_key(name): i for i, name in enumerate(names)}
        used = [(index[key], lesson) for lesson in lessons if (key := class_key(lesson.class_name)) in index]
        used = [(i, lesson) for i, lesson in used if len(lesson)]
        if not used:
            return None
        return cls(
            features=np.concatenate([lesson.features for _, lesson in used]),
            owner=np.concatenate([np.full(len(lesson), i, np.intp) for i, lesson in used]),
            weight=np.concatenate([lesson.weight for _, lesson in used]),
            negative=np.concatenate([np.full(len(lesson), lesson.negative) for _, lesson in used]),
        )


def corrections(patches: TaughtPatches, logits: Floats, silent: Collection[int] = ()) -> Floats:
    """Return what to add to the weights of each class.

    Parameters
    ----------
    patches
        What was taught, n patches of d numbers.
    logits
        (n, classes) float32: what the text says about these patches.
    silent
        Classes without text: nothing holds them back.

    Returns
    -------
    (classes, d) float32: the logits of a patch x become ``logits + corrections @ x``. Classes that no patch concerns
    keep exact zeros.
    """
    weight = _balanced(patches, logits.shape[1])
    weighted = patches.features * weight[:, None]
    # half the weighted Gram matrix bounds the curvature of the softmax from above, so that every step goes downhill
    curvature, axes = np.linalg.eigh((patches.features.T @ weighted / 2).astype(np.float64))
    turned = patches.features @ axes.astype(np.float32)
    pull = (turned * weight[:, None]).T
    ridge = _ridge(patches, logits, list(silent))
    step = (1 / (np.maximum(curvature, 0)[:, None] + ridge)).astype(np.float32)
    start = logits / np.float32(SOFTNESS)
    change = before = np.zeros((len(axes), logits.shape[1]), np.float32)
    for number in range(ROUNDS):
        ahead = change + np.float32(number / (number + 3)) * (change - before)
        missing = _missing(patches, start + turned @ ahead)
        if not missing.any() and not change.any():
            break
        before, change = change, ahead + step * (pull @ missing - ridge * ahead)
    return np.asarray(SOFTNESS * (axes @ change).T, np.float32)


def _balanced(patches: TaughtPatches, classes: int) -> Floats:
    """(n,) weights under which a class with few patches counts for more than its number, up to a limit."""
    total = np.bincount(patches.owner, weights=patches.weight, minlength=classes)
    boost = np.sqrt(total[total > 0].mean() / np.maximum(total, 1))
    return np.asarray(patches.weight * np.minimum(boost, LARGEST_BOOST)[patches.owner], np.float32)


def _ridge(patches: TaughtPatches, logits: Floats, silent: list[int]) -> Floats:
    """(classes,) how strongly each class is held at its text, by how well the text alone finds its patches."""
    classes = logits.shape[1]
    spoken = logits.copy()
    spoken[:, silent] = -np.inf
    found = spoken.argmax(1)
    hit = (found == patches.owner) & ~patches.negative
    own = np.bincount(patches.owner, weights=patches.weight * ~patches.negative, minlength=classes)
    # that a patch is not one class tells nothing about the other classes, and much about that one
    claims = ~patches.negative | (found == patches.owner)
    claimed = np.bincount(
        found, weights=patches.weight * claims * np.where(patches.negative, REFUSAL, 1), minlength=classes
    )
    right = np.bincount(found, weights=patches.weight * hit, minlength=classes)
    trust = (right + DOUBT) / (own + claimed - right + DOUBT)
    trust[silent] = 0
    return np.asarray(WEAKEST_RIDGE * (STRONGEST_RIDGE / WEAKEST_RIDGE) ** trust, np.float32)


def _missing(patches: TaughtPatches, logits: Floats) -> Floats:
    """(n, classes) what each probability lacks of what the lesson of its patch asks for."""
    rows = np.arange(len(logits))
    found = np.exp(logits - logits.max(1, keepdims=True))
    found /= found.sum(1, keepdims=True)
    own = found[rows, patches.owner]
    asked = np.zeros_like(found)
    asked[rows, patches.owner] = 1
    if patches.negative.any():  # the other classes share, as they stand, what a class has to give away
        asked[patches.negative] = found[patches.negative] / np.maximum(1 - own[patches.negative], 1e-3)[:, None]
        asked[rows[patches.negative], patches.owner[patches.negative]] = 0
    missing: Floats = asked - found
    missing[np.abs(missing) < SETTLED] = 0
    return missing

"""From lessons to corrections of the class scores: ridge regression around what the text says, in closed form.

A lesson asks that its class leads every other class by a margin on its patches. Where the text already does that,
nothing is left to correct; so words that the model knows stay as they are, and words that it does not know are learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.learn.lesson import Lesson, class_key

MARGIN = 0.5
"""Lead, in logits, that a taught class should have over each other class."""
RIDGE = 1.0
"""How strongly the weights are held at the text: the larger, the more patches a change takes."""
ROUNDS = 3
"""How many rounds correct the margin; more rounds follow single patches too closely."""
LARGEST_BOOST = 20.0
"""A class with few patches counts for at most this many times its number."""


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


def corrections(patches: TaughtPatches, logits: Floats) -> Floats:
    """Return what to add to the weights of each class.

    Parameters
    ----------
    patches
        What was taught, n patches of d numbers.
    logits
        (n, classes) float32: what the text says about these patches.

    Returns
    -------
    (classes, d) float32: the logits of a patch x become ``logits + corrections @ x``. Classes that no patch concerns
    keep exact zeros.
    """
    features = patches.features.astype(np.float64)
    weighted = features * _balanced(patches, logits.shape[1])[:, None]
    gram = features.T @ weighted
    gram[np.diag_indices_from(gram)] += RIDGE
    change = np.zeros((logits.shape[1], features.shape[1]))
    for _ in range(ROUNDS):
        target = _target_changes(patches, logits + features @ change.T)
        touched = target.any(0)
        if not touched.any():
            break
        change[touched] += np.linalg.solve(gram, weighted.T @ target[:, touched]).T
    return change.astype(np.float32)


def _balanced(patches: TaughtPatches, classes: int) -> NDArray[np.float64]:
    """(n,) weights under which a class with few patches counts as much as one with many, up to a limit."""
    total = np.bincount(patches.owner, weights=patches.weight, minlength=classes)
    boost = total[total > 0].mean() / np.maximum(total, 1)
    return np.asarray(patches.weight * np.minimum(boost, LARGEST_BOOST)[patches.owner], np.float64)


def _target_changes(patches: TaughtPatches, logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, classes) changes of the logits after which every patch would have its margin."""
    rows = np.arange(len(logits))
    own = logits[rows, patches.owner]
    missing = np.maximum(0.0, logits - (own - MARGIN)[:, None])
    missing[rows, patches.owner] = 0
    target = -missing / 2
    target[rows, patches.owner] = missing.max(1, initial=0) / 2
    if patches.negative.any():
        others = logits.copy()
        others[rows, patches.owner] = -np.inf
        best = others.max(1, initial=-np.inf) if logits.shape[1] > 1 else np.zeros(len(logits))
        target[patches.negative] = 0
        too_high = np.maximum(0.0, own - (best - MARGIN))
        target[rows[patches.negative], patches.owner[patches.negative]] = -too_high[patches.negative]
    return np.asarray(target, np.float64)

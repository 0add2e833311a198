"""What colour and texture of spots add to the scores of the classes that have examples.

Textures become random waves (Rahimi and Recht, 2007), so that what is linear in these can be any smooth function of a
texture. A ridge around the scores of the patches, each step in closed form, adds only what these lack. A spot
that looks like none of the examples gets little of it: the ridge also says how sure it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import Floats
from napari_cliptrase.learn.corrections import SOFTNESS
from napari_cliptrase.learn.lesson import Lesson, class_key

WAVES: Final = 160
WAVE_NUMBER: Final = 0.6
"""How fast a wave changes with a look, in its standard deviations."""
SPOT_RIDGE: Final = 0.03
"""How strongly the spots are held at what the patches say; all examples of a class in one image count for 1."""
SPOT_ROUNDS: Final = 15
"""Steps towards the best weights."""
SPOTS_AT_ONCE: Final = 1 << 14
"""Spots whose waves are in memory together."""


@dataclass(frozen=True, eq=False)
class TaughtSpots:
    """The spots of all lessons on given classes, in one table.

    Attributes
    ----------
    textures
        (n, TEXTURE_SIZE) float32.
    around
        (n, d) float32 features of the patches around them.
    owner
        (n,) index of the class that each spot belongs to.
    weight
        (n,) float32; those of one class in one image sum to 1.
    """

    textures: Floats
    around: Floats
    owner: NDArray[np.intp]
    weight: Floats

    @classmethod
    def of(cls, lessons: Sequence[Lesson], names: Sequence[str]) -> "TaughtSpots | None":
        """Collect the spots of lessons whose class is among ``names``; None when there are none."""
        index = {class_key(name): i for i, name in enumerate(names)}
        used = [
            (index[key], lesson.spots)
            for lesson in lessons
            if lesson.spots is not None and not lesson.negative and (key := class_key(lesson.class_name)) in index
        ]
        if not used:
            return None
        return cls(
            textures=np.concatenate([spots.textures for _, spots in used]),
            around=np.concatenate([spots.around for _, spots in used]),
            owner=np.concatenate([np.full(len(spots), i, np.intp) for i, spots in used]),
            weight=np.concatenate([np.full(len(spots), 1 / len(spots), np.float32) for _, spots in used]),
        )


@dataclass(frozen=True, eq=False)
class Waves:
    """Random waves over textures; ``mean`` and ``spread`` (TEXTURE_SIZE,) are those of the examples."""

    mean: Floats
    spread: Floats

    def __call__(self, textures: Floats) -> Floats:
        """(n, WAVES) float32 of textures (n, TEXTURE_SIZE)."""
        rng = np.random.default_rng(0)
        directions = rng.normal(0, WAVE_NUMBER, (len(self.mean), WAVES)).astype(np.float32)
        shifts = rng.uniform(0, 2 * np.pi, WAVES).astype(np.float32)
        return np.asarray(np.cos((textures - self.mean) / self.spread @ directions + shifts), np.float32)


@dataclass(frozen=True, eq=False)
class SpotCorrection:
    """What spots add to the logits of the classes.

    Attributes
    ----------
    waves
        Of the textures of the examples.
    weights
        (WAVES, classes) float32.
    doubt
        (WAVES, WAVES) float32: the squared length of ``waves @ doubt`` grows with the distance to all examples.
    usual_doubt
        Its median at the examples; what is no further away counts in full.
    """

    waves: Waves
    weights: Floats = field(repr=False)
    doubt: Floats = field(repr=False)
    usual_doubt: float

    def __call__(self, textures: Floats) -> Floats:
        """(spots, classes) float32, what to add to the logits of spots that look so, (spots, TEXTURE_SIZE)."""
        found = np.empty((len(textures), self.weights.shape[1]), np.float32)
        for start in range(0, len(textures), SPOTS_AT_ONCE):
            part = slice(start, start + SPOTS_AT_ONCE)
            waves = self.waves(textures[part])
            away = np.maximum(_squared_length(waves @ self.doubt), np.float32(self.usual_doubt))
            share = np.sqrt(np.float32(1 + self.usual_doubt) / (1 + away))
            found[part] = SOFTNESS * share[:, None] * (waves @ self.weights)
        return found


def spot_correction(spots: TaughtSpots, logits: Floats) -> SpotCorrection:
    """Learn from n spots; ``logits`` (n, classes) float32 are what patches and text say about them.

    Classes that no spot belongs to get nothing.
    """
    classes = logits.shape[1]
    waves = Waves(spots.textures.mean(0), spots.textures.std(0) + np.float32(1e-6))
    found = waves(spots.textures)
    pull = found * spots.weight[:, None]
    curvature, axes = np.linalg.eigh((pull.T @ found / 2).astype(np.float64))
    held = np.maximum(curvature, 0) + SPOT_RIDGE
    turned = found @ axes.astype(np.float32)
    pull = (turned * spots.weight[:, None]).T
    step = (1 / held)[:, None].astype(np.float32)
    shown = np.bincount(spots.owner, minlength=classes) > 0
    asked = np.eye(classes, dtype=np.float32)[spots.owner]
    start = logits / np.float32(SOFTNESS)
    change = before = np.zeros((WAVES, classes), np.float32)
    for number in range(SPOT_ROUNDS):
        ahead = change + np.float32(number / (number + 3)) * (change - before)
        ruling = start + turned @ ahead
        probability = np.exp(ruling - ruling.max(1, keepdims=True))
        probability /= probability.sum(1, keepdims=True)
        moved = ahead + step * (pull @ (asked - probability) - np.float32(SPOT_RIDGE) * ahead)
        before, change = change, np.where(shown, moved, 0)
    doubt = np.asarray(axes / np.sqrt(held), np.float32)
    usual = float(np.median(_squared_length(found @ doubt)))
    return SpotCorrection(waves, np.asarray(axes @ change, np.float32), doubt, usual)


def _squared_length(rows: Floats) -> Floats:
    """(n,) of rows (n, d)."""
    return np.asarray(np.einsum("nd,nd->n", rows, rows), np.float32)

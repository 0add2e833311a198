"""What a training step says about its crops: prompts that compete for patches, and captions that are true of crops."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import open_clip
from numpy.typing import NDArray

from napari_cliptrase.demo.words import NAMES, WORDS
from napari_cliptrase.lab.captions import caption, phrase
from napari_cliptrase.lab.pictures import PAINT_NAMES, Crops

PRESENT: Final = 0.02  # a crop's caption names what covers at least this share
ABSENT: Final = 0.003  # what covers less is said not to be there; between the two nothing is said

_SCENE_TEMPLATES: Final = (
    "{}",
    "{}.",
    "a {}",
    "a photo of a {}",
    "a photo of the {}",
    "This is a photo of a {}",
    "There is a {} in the scene",
    "There is the {} in the scene",
    "a photo of a {} in the scene",
    "a photo of a small {} in the scene.",
    "a photo of a medium {}.",
    "This is one {} in the scene.",
    "a painting of a {} in the scene.",
    "a picture of a {}.",
)
CAPTION_TEMPLATES: Final = (
    *(template("{}") for template in open_clip.OPENAI_IMAGENET_TEMPLATES),
    *(4 * _SCENE_TEMPLATES),
)
# words that the world does not know: as prompts they must not win a patch from those that it knows
_STRANGERS: Final = (
    "zebra",
    "guitar",
    "gras",
    "refrigerator",
    "person",
    "floor",
    "zebra crossing",
    "mitochondria",
    "cell",
)


@dataclass(frozen=True)
class TrainingPrompts:
    """Sentences that compete for patches; each stands for (class id, paint number or 0), or for nothing: (0, 0)."""

    sentences: tuple[str, ...]
    meanings: NDArray[np.int64]

    def truth(self, crops: Crops) -> NDArray[np.int64]:
        """Return (crops, sentences): 1 where the crop shows it, 0 where it does not, -1 where hardly any of it."""
        shares = _shares(self.meanings, crops)
        return np.where(shares >= PRESENT, 1, np.where(shares <= ABSENT, 0, -1))

    def extents(self, crops: Crops) -> NDArray[np.float32]:
        """Return (crops, sentences) float32: how much of a crop each covers, said in tenths; rows of sum 1."""
        tenths = np.round(_shares(self.meanings, crops), 1)
        total: NDArray[np.float32] = tenths / np.maximum(tenths.sum(1, keepdims=True), 0.1)
        return total.astype(np.float32)


def _shares(meanings: NDArray[np.int64], crops: Crops) -> NDArray[np.float32]:
    """Return (crops, meanings) float32: how much of each crop is what a meaning names."""
    classes, paints = meanings.T
    any_paint = crops.shares.sum(2)[:, classes]
    shares: NDArray[np.float32] = np.where(paints, crops.shares[:, classes, paints], any_paint) * (classes > 0)
    return shares


def draw_prompts(rng: np.random.Generator, strangers: int = 4) -> TrainingPrompts:
    """Draw one prompt for each class, some split into one for each paint, and some that mean nothing here."""
    sentences, meanings = [], []
    for class_id, word in enumerate(WORDS, start=1):
        paints = word.paints if word.paints and rng.random() < 0.3 else ("",)
        noun = str(rng.choice(word.names)) if rng.random() < 0.7 or not word.plurals else str(rng.choice(word.plurals))
        for paint in paints:
            sentences.append(_sentence(f"{paint} {noun}" if paint else noun, rng))
            meanings.append((class_id, PAINT_NAMES.index(paint) + 1 if paint else 0))
    for _ in range(strangers):
        stranger = str(rng.choice(_STRANGERS))
        if rng.random() < 0.3:
            stranger = f"{rng.choice(PAINT_NAMES)} {stranger}"
        sentences.append(_sentence(stranger, rng))
        meanings.append((0, 0))
    return TrainingPrompts(tuple(sentences), np.asarray(meanings, np.int64))


def _sentence(noun: str, rng: np.random.Generator) -> str:
    return str(CAPTION_TEMPLATES[int(rng.integers(len(CAPTION_TEMPLATES)))]).format(noun)


@dataclass(frozen=True)
class Captions:
    """One caption for each crop, and of which crops it is true: ``truth`` (captions, crops) bool."""

    sentences: tuple[str, ...]
    truth: NDArray[np.bool_]


def write_captions(crops: Crops, rng: np.random.Generator) -> Captions:
    """Write for each crop a caption that names one to three of the things in view."""
    sentences, rows = [], []
    for shares, counts in zip(crops.shares, crops.counts, strict=True):
        visible = np.flatnonzero(shares.sum(1)[1:] >= PRESENT) + 1
        chosen = rng.permutation(visible)[: int(rng.integers(1, 4))]
        phrases, meant = [], []
        for class_id in chosen:
            name = NAMES[class_id - 1]
            paint = int(shares[class_id].argmax())
            if shares[class_id, paint] < PRESENT or rng.random() < 0.5:
                paint = 0
            phrases.append(phrase(name, rng, max(int(counts[class_id]), 1), PAINT_NAMES[paint - 1] if paint else ""))
            meant.append((class_id, paint))
        sentences.append(caption(phrases, rng))
        meanings = np.asarray(meant, np.int64).reshape(-1, 2)
        rows.append((_shares(meanings, crops) >= PRESENT).all(1))
    return Captions(tuple(sentences), np.stack(rows))

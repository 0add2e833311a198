"""Captions of painted pictures, as the demo CLIP learns from them."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from napari_cliptrase.demo.words import IDS, WORDS

_COUNTS: Final = ("no", "a", "two", "three", "four", "five", "six")


def phrase(name: str, rng: np.random.Generator, count: int = 1, paint: str = "") -> str:
    """Write that ``count`` things (or some stuff) of a class are there, such as "two boats" or "a red ball"."""
    word = WORDS[IDS[name] - 1]
    paint = f"{paint} " if paint else ""
    if not word.is_thing:
        return f"{rng.choice(['', 'the ', 'some '])}{paint}{rng.choice(word.names)}"
    if count > 1:
        number = _COUNTS[count] if count < len(_COUNTS) and rng.random() < 0.7 else "some"
        return f"{number} {paint}{rng.choice(word.plurals)}"
    noun = f"{paint}{rng.choice(word.names)}"
    article = rng.choice(["the", "an" if noun[0] in "aeiou" else "a"])
    return f"{article} {noun}"


def caption(parts: Sequence[str], rng: np.random.Generator) -> str:
    """Join phrases to a caption such as "a painting of the sea, two boats and some clouds"."""
    start = rng.choice(["", "a painting of ", "a picture of ", "a photo of ", "a scene with ", "there is "])
    if len(parts) < 2:
        return f"{start}{''.join(parts)}."
    return f"{start}{', '.join(parts[:-1])} and {parts[-1]}."

"""The language of the painted world: twenty classes, their synonyms, colours, and the captions that painters write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_cliptrase.classes.table import ClassTable


@dataclass(frozen=True)
class Word:
    """A class of the world: the names it goes by (the first is its own), its plurals, and the paints it comes in."""

    names: tuple[str, ...]
    plurals: tuple[str, ...] = ()
    paints: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.names[0]

    @property
    def is_thing(self) -> bool:
        """Whether it can be counted."""
        return bool(self.plurals)


WORDS: Final[tuple[Word, ...]] = (
    Word(("sky", "heaven")),
    Word(("mountain", "peak", "rock", "cliff")),
    Word(("sea", "water", "ocean", "lake")),
    Word(("sand", "beach", "desert", "dune")),
    Word(("grass", "lawn", "meadow")),
    Word(("snow", "ice")),
    Word(("road", "street", "asphalt")),
    Word(("brick wall", "wall", "bricks")),
    Word(("wheat field", "wheat", "corn", "field")),
    Word(("sun", "sunshine"), ("suns",)),
    Word(("cloud",), ("clouds",)),
    Word(("tree", "bush"), ("trees", "woods")),
    Word(("house", "home", "cottage", "building"), ("houses", "buildings"), ("white", "yellow", "pink", "blue")),
    Word(("ball", "beach ball"), ("balls",), ("red", "blue", "yellow", "green", "purple", "orange")),
    Word(("boat", "ship", "sailboat"), ("boats", "ships"), ("red", "blue", "white", "orange")),
    Word(("flower", "blossom", "daisy"), ("flowers",), ("pink", "white", "purple", "red")),
    Word(("car", "automobile", "vehicle"), ("cars",), ("red", "blue", "yellow", "green", "white")),
    Word(("balloon", "hot air balloon"), ("balloons",), ("red", "blue", "green", "purple", "orange")),
    Word(("lighthouse", "tower"), ("lighthouses",), ("red", "blue")),
    Word(("mushroom", "toadstool", "fungus"), ("mushrooms",)),
)

NAMES: Final[tuple[str, ...]] = tuple(word.name for word in WORDS)
LABEL_NAMES: Final[tuple[str, ...]] = ("nothing", *NAMES)  # by id; no pixel of the world is 0
IDS: Final[Mapping[str, int]] = {name: i for i, name in enumerate(NAMES, start=1)}
THINGS: Final[frozenset[str]] = frozenset(word.name for word in WORDS if word.is_thing)
PAINTED: Final[Mapping[str, tuple[str, ...]]] = {word.name: word.paints for word in WORDS}
_COUNTS: Final = ("no", "a", "two", "three", "four", "five", "six")


def world_classes() -> ClassTable:
    """Return the class table of the world: ids 1 to 20 in the order of ``NAMES``."""
    return ClassTable.from_names(*NAMES)


def phrase(name: str, rng: np.random.Generator, count: int = 1, paint: str = "") -> str:
    """Say that ``count`` things (or some stuff) of a class are there, such as "two boats" or "a red ball"."""
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

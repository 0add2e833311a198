"""The words of the painted world: twenty classes, their synonyms, plurals and paints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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


def world_classes() -> ClassTable:
    """Return the class table of the world: ids 1 to 20 in the order of ``NAMES``."""
    return ClassTable.from_names(*NAMES)

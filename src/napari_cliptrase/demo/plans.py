"""Where things go: a plan lists the elements of a picture from back to front before anything is painted."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from napari_cliptrase.demo.canvas import Rectangle
from napari_cliptrase.demo.stuff import Stuff
from napari_cliptrase.demo.things import PROPORTIONS, Thing
from napari_cliptrase.demo.words import NAMES, PAINTED, THINGS

Element = Stuff | Thing


@dataclass(frozen=True)
class Plan:
    """A picture of ``size`` (height, width) before it is painted: elements from back to front, and the light."""

    size: tuple[int, int]
    seed: int
    elements: tuple[Element, ...]
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)
    haze: float = 0.0


# What grounds a scene has from the horizon to the painter, and what stands on them.
SETTINGS: Final[tuple[tuple[str, ...], ...]] = (
    ("sea", "sand"),
    ("sea", "sand"),
    ("sea", "grass"),
    ("grass",),
    ("wheat field", "grass"),
    ("grass", "wheat field"),
    ("grass", "road", "grass"),
    ("wheat field", "road"),
    ("snow",),
    ("snow", "road"),
    ("grass", "brick wall", "road"),
    ("brick wall", "road"),
    ("brick wall", "grass"),
    ("sand", "sea"),
    ("sand", "road", "sand"),
    ("snow", "sea"),
    ("brick wall", "snow"),
    ("wheat field",),
    ("sea", "grass", "road"),
)
STANDS_ON: Final[dict[str, tuple[str, ...]]] = {
    "sea": ("boat", "boat", "boat", "ball"),
    "sand": ("ball", "lighthouse", "boat", "car", "house", "ball", "lighthouse"),
    "grass": ("house", "tree", "flower", "mushroom", "ball", "tree", "flower", "mushroom", "lighthouse"),
    "snow": ("house", "tree", "ball", "mushroom", "lighthouse", "car"),
    "road": ("car", "car", "car", "ball"),
    "brick wall": (),
    "wheat field": ("tree", "house", "flower", "mushroom", "car"),
}
FLIES: Final = ("sun", "cloud", "cloud", "balloon", "balloon")
GROUNDS: Final = tuple(name for name in NAMES if name not in THINGS)
# Sizes in shares of the shorter side of the picture.
ELEMENT_SIZES: Final[dict[str, tuple[float, float]]] = {
    "sun": (0.20, 0.30),
    "cloud": (0.38, 0.62),
    "balloon": (0.30, 0.46),
    "tree": (0.34, 0.56),
    "house": (0.34, 0.52),
    "ball": (0.20, 0.34),
    "boat": (0.30, 0.48),
    "flower": (0.34, 0.52),
    "car": (0.40, 0.58),
    "lighthouse": (0.48, 0.68),
    "mushroom": (0.26, 0.42),
}


def plan_scene(seed: int, size: tuple[int, int], crowded: bool = False) -> Plan:
    """Plan a landscape: a sky with what flies, grounds from far to near, things that stand on them.

    The models learn from ``crowded`` ones, with more things that are smaller and hide each other.
    """
    rng = np.random.default_rng((seed, 11))
    height, width = size
    short = min(size)
    setting = SETTINGS[int(rng.integers(len(SETTINGS)))]
    horizon = height * float(rng.uniform(0.30, 0.46) if len(setting) < 3 else rng.uniform(0.24, 0.34))
    far: list[Element] = [new_stuff("sky", (0, 0, horizon * 1.25, width), short, rng)]
    grounds = _grounds(setting, horizon, size, rng)
    flying = _flying(horizon, size, rng, crowded)
    far += [thing for thing in flying if thing.name == "sun"]
    if setting[0] != "brick wall" and rng.random() < 0.5:
        rise = short * float(rng.uniform(0.18, 0.30)) * (1.0 if crowded else 1.3)
        far.append(
            new_stuff("mountain", (max(horizon - rise, 0.05 * height), 0, horizon + 0.06 * height, width), short, rng)
        )
    far += [thing for thing in flying if thing.name != "sun"]
    return Plan(
        size, seed, (*far, *grounds, *_standing(grounds, size, rng, crowded)), random_light(rng), random_haze(rng)
    )


def new_stuff(name: str, box: Rectangle, short: float, rng: np.random.Generator) -> Stuff:
    """Return stuff of a random look in a box (y0, x0, y1, x1); ``short`` is the side of a picture at its scale."""
    roll = 0.0 if name in ("sea", "brick wall", "road", "sky", "mountain") else 0.02 * short
    unit = max(short / 336, 0.5) * float(rng.uniform(0.85, 1.25))
    return Stuff(name, box, int(rng.integers(2**31)), unit, float(rng.random()), roll)


def new_thing(name: str, foot: float, middle: float, length: float, rng: np.random.Generator) -> Thing:
    """Return a thing in a random paint that stands at (foot, middle)."""
    paints = PAINTED[name]
    color = paints[int(rng.integers(len(paints)))] if paints else ""
    return Thing(name, foot, middle, length, int(rng.integers(2**31)), color)


def _grounds(setting: tuple[str, ...], horizon: float, size: tuple[int, int], rng: np.random.Generator) -> list[Stuff]:
    """Split what lies below the horizon among the grounds of a setting."""
    height, width = size
    cuts = np.cumsum(rng.uniform(0.7, 1.3, len(setting)))
    cuts = horizon + (height - horizon) * np.concatenate([[0], cuts / cuts[-1]])
    # every ground but a road reaches to the lower edge: the next one covers it
    stuffs = []
    for i, name in enumerate(setting):
        last = i + 1 == len(setting)
        low = float(cuts[i + 1]) + 2 if name == "road" and not last else height
        stuff = new_stuff(name, (float(cuts[i]), 0, low, width), min(size), rng)
        if name == "road" and setting[i - 1] == "brick wall":
            stuff = replace(stuff, variant=0.59 * stuff.variant)  # along the wall, not out of it
        stuffs.append(stuff)
    return stuffs


def _flying(horizon: float, size: tuple[int, int], rng: np.random.Generator, crowded: bool) -> list[Thing]:
    things: list[Thing] = []
    for _ in range(int(rng.integers(1, 4 if crowded else 3))):
        name = FLIES[int(rng.integers(len(FLIES)))]
        if name == "sun" and any(thing.name == "sun" for thing in things):
            continue
        for _ in range(6):
            length = min(size) * _share(name, rng, crowded)
            high = PROPORTIONS[name][0] * length
            foot = max(high + 2, horizon * float(rng.uniform(0.45, 0.7 if name == "sun" else 1.0)))
            candidate = new_thing(name, foot, size[1] * float(rng.uniform(0.1, 0.9)), length, rng)
            if _is_free(candidate, things, 0.1):
                things.append(candidate)
                break
    return things


def _standing(grounds: list[Stuff], size: tuple[int, int], rng: np.random.Generator, crowded: bool) -> list[Thing]:
    """Put one or two things on the grounds, or two to four, the near ones last."""
    height, width = size
    things: list[Thing] = []
    for _ in range(int(rng.integers(2, 5) if crowded else rng.integers(1, 3))):
        ground = grounds[int(rng.integers(len(grounds)))]
        choice = STANDS_ON[ground.name]
        if not crowded and things and rng.random() < 0.4:
            choice = (things[-1].name,)  # a pair is easier to look at than two strangers
        if not choice:
            continue
        name = choice[int(rng.integers(len(choice)))]
        following = [other.box[0] for other in grounds if other.box[0] > ground.box[0]]
        low = min(following, default=0.98 * height)
        for _ in range(6):
            length = min(size) * _share(name, rng, crowded)
            foot = float(rng.uniform(ground.box[0] + 0.35 * (low - ground.box[0]), low))
            candidate = new_thing(name, foot, width * float(rng.uniform(0.08, 0.92)), length, rng)
            if _is_free(candidate, things, 0.2):
                things.append(candidate)
                break
    return sorted(things, key=lambda thing: thing.foot)


def _share(name: str, rng: np.random.Generator, crowded: bool) -> float:
    """Return how large a thing is, as a share of the shorter side: without a crowd there is room."""
    least, most = ELEMENT_SIZES[name]
    return float(rng.uniform(least, most) if crowded else rng.uniform(0.9 * most, 1.2 * most))


def _is_free(candidate: Thing, others: list[Thing], allowed: float) -> bool:
    """Whether the box of a thing covers, and is covered by, at most a share of every other one."""
    y0, x0, y1, x1 = candidate.box
    for other in others:
        a0, b0, a1, b1 = other.box
        shared = max(min(y1, a1) - max(y0, a0), 0) * max(min(x1, b1) - max(x0, b0), 0)
        if shared > allowed * min((y1 - y0) * (x1 - x0), (a1 - a0) * (b1 - b0)):
            return False
    return True


def random_light(rng: np.random.Generator) -> tuple[float, float, float]:
    """The colour of the light: noon, morning, evening or a dull day."""
    lights = ((1.0, 1.0, 1.0), (1.0, 0.99, 0.96), (1.05, 0.97, 0.88), (0.93, 0.97, 1.03), (0.88, 0.88, 0.90))
    red, green, blue = lights[int(rng.integers(len(lights)))]
    gain = float(rng.uniform(0.92, 1.06))
    return red * gain, green * gain, blue * gain


def random_haze(rng: np.random.Generator) -> float:
    """How much of the picture a pale haze takes: mostly none."""
    return float(rng.choice([0, 0, 0.06, 0.12]))

"""Pictures of one thing close by, or of plain ground, for training only."""

import numpy as np

from napari_cliptrase.demo.plans import (
    ELEMENT_SIZES,
    GROUNDS,
    Element,
    Plan,
    new_stuff,
    new_thing,
    random_haze,
    random_light,
)
from napari_cliptrase.demo.things import PROPORTIONS
from napari_cliptrase.demo.words import THINGS


def plan_portrait(seed: int, size: tuple[int, int]) -> Plan:
    """Plan a picture of one thing close by, or of one or two kinds of ground; beside a road there may be nothing."""
    rng = np.random.default_rng((seed, 12))
    height, width = size
    zoom = short = min(size) * float(rng.uniform(1.0, 2.4))
    first, second = rng.choice(len(GROUNDS), 2, replace=False)
    elements: list[Element] = [new_stuff(GROUNDS[first], (-0.1 * height, 0, height, width), zoom, rng)]
    if GROUNDS[first] == "mountain":
        elements.insert(0, new_stuff("sky", (0, 0, height, width), zoom, rng))
    if rng.random() < 0.6 and GROUNDS[second] not in ("sky", "mountain"):
        elements.append(
            new_stuff(GROUNDS[second], (height * float(rng.uniform(0.3, 0.8)), 0, height, width), zoom, rng)
        )
    if rng.random() < 0.85:
        name = sorted(THINGS)[int(rng.integers(len(THINGS)))]
        length = short * float(rng.uniform(*ELEMENT_SIZES[name]))
        high = PROPORTIONS[name][0] * length
        foot = 0.5 * (height + high) + height * float(rng.uniform(-0.22, 0.22))
        elements.append(new_thing(name, foot, width * float(rng.uniform(0.25, 0.75)), length, rng))
    return Plan(size, seed, tuple(elements), random_light(rng), random_haze(rng))

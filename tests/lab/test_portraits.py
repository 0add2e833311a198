import numpy as np

from napari_cliptrase.demo.things import Thing
from napari_cliptrase.demo.words import NAMES, THINGS
from napari_cliptrase.demo.world import paint_plan
from napari_cliptrase.lab.portraits import plan_portrait


def test_a_portrait_shows_one_thing_at_the_most():
    counts = [sum(isinstance(e, Thing) for e in plan_portrait(seed, (100, 100)).elements) for seed in range(40)]
    assert set(counts) == {0, 1}


def test_portraits_show_every_thing_close_by():
    seen = set()
    for seed in range(120):
        labels = paint_plan(plan_portrait(seed, (96, 96))).labels
        seen |= {NAMES[i - 1] for i in np.unique(labels) if i and (labels == i).mean() > 0.04}
    assert seen >= THINGS

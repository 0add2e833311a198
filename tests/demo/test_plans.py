import numpy as np

from napari_cliptrase.demo.plans import GROUNDS, SETTINGS, STANDS_ON, new_thing, plan_scene
from napari_cliptrase.demo.things import Thing
from napari_cliptrase.demo.words import NAMES, PAINTED, THINGS


def test_the_same_seed_gives_the_same_plan_and_another_one_another():
    assert plan_scene(5, (100, 150)) == plan_scene(5, (100, 150))
    assert plan_scene(5, (100, 150)) != plan_scene(6, (100, 150))


def test_a_scene_starts_with_its_sky_and_has_grounds_and_known_paints():
    for seed in range(30):
        plan = plan_scene(seed, (120, 160))
        names = [element.name for element in plan.elements]
        assert names[0] == "sky"
        assert set(names) <= set(NAMES)
        assert any(set(setting) <= set(names) for setting in SETTINGS)
        assert all(e.color in PAINTED[e.name] for e in plan.elements if isinstance(e, Thing) and PAINTED[e.name])


def test_crowded_scenes_have_more_things():
    calm, crowded = (
        np.mean([sum(isinstance(e, Thing) for e in plan_scene(seed, (200, 200), many).elements) for seed in range(30)])
        for many in (False, True)
    )
    assert crowded > 1.3 * calm


def test_grounds_carry_things_and_are_none():
    assert not set(GROUNDS) & THINGS
    assert {name for names in STANDS_ON.values() for name in names} <= THINGS


def test_a_thing_stands_on_its_foot():
    thing = new_thing("house", 80, 50, 30, np.random.default_rng(0))
    assert thing.box[2] == 80
    assert thing.box[1] + thing.box[3] == 100

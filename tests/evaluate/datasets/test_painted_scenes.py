"""Scenes of the painted world as images to score."""

import numpy as np
import pytest

from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes, SceneSplit


def test_names_tell_the_seed_and_the_same_name_gives_the_same_scene() -> None:
    scenes = PaintedScenes(first=5, count=3, size=64)
    names = scenes.names()
    assert len(set(names)) == 3
    one, again, other = (scenes.read(name) for name in (names[0], names[0], names[1]))
    np.testing.assert_array_equal(one.rgb, again.rgb)
    assert not np.array_equal(one.rgb, other.rgb)
    assert one.rgb.shape == (64, 64, 3)


def test_every_pixel_has_one_of_the_classes() -> None:
    scenes = PaintedScenes(count=1, size=64)
    truth = scenes.read(scenes.names()[0]).truth
    assert scenes.classes == NAMES
    assert truth.min() >= 0
    assert truth.max() < len(NAMES)


def test_the_hard_split_has_smaller_things_and_another_name() -> None:
    plain, small = (PaintedScenes(count=1, size=96, split=split) for split in (SceneSplit.PLAIN, SceneSplit.SMALL))
    name = plain.names()[0]
    assert plain.title != small.title
    assert plain.record() != small.record()

    def smallest(scenes: PaintedScenes) -> int:
        return int(np.unique(scenes.read(name).truth, return_counts=True)[1].min())

    assert smallest(small) < smallest(plain)


def test_more_scenes_can_be_added_later() -> None:
    assert PaintedScenes(count=2).record() == PaintedScenes(count=9).record()


def test_scenes_of_the_training_are_never_scored() -> None:
    with pytest.raises(CliptraseError, match="held out"):
        PaintedScenes(first=1_000_000)


def test_rich_scenes_have_many_classes_and_begin_where_they_are_told():
    rich = PaintedScenes(0, 3, 168, SceneSplit.RICH)
    assert [len(np.unique(rich.read(name).truth)) >= 7 for name in rich.names()] == [True] * 3
    first, second = (int(name.split()[1]) for name in rich.names()[:2])
    assert PaintedScenes(first + 1, 1, 168, SceneSplit.RICH).names() == [f"scene {second}"]


def test_a_dim_scene_is_gray_and_has_the_same_truth():
    plain, dim = PaintedScenes(4, 1, 96), PaintedScenes(4, 1, 96, dim=True)
    (name,) = plain.names()
    picture = dim.read(name).rgb
    assert (picture == picture[..., :1]).all()
    assert np.array_equal(dim.read(name).truth, plain.read(name).truth)
    assert dim.record() != plain.record()

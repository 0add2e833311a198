from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.run.proposal import Proposal, alike, changeable
from napari_cliptrase.plugin.state.geometry import Target, geometry_of
from napari_cliptrase.plugin.state.results import Segmented

CAT, DOG, COW = 1, 2, 3
SHAPE = 6, 9


@pytest.fixture
def scene():
    """Cats on the left, dogs in the middle, nothing on the right; a proposal of cows everywhere."""
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True)
    layers = LabelLayers(viewer.layers, lambda _: 0)
    rows, columns = (slice(0, size) for size in SHAPE)
    target = Target(image.unique_id, image.name, 0, geometry_of(image, rows=0, columns=1), (), rows, columns)
    labels = np.repeat(np.repeat(np.array([CAT, DOG, 0], np.uint8), 3)[None], SHAPE[0], 0)
    layers.write(PlaneResult(target, labels, ClassTable.from_names("cat", "dog", "cow")))
    return layers, SimpleNamespace(target=target), labels


def proposed(source, labels, where=True):
    learned = Segmented(source, SimpleNamespace(labels=labels), ())
    return Proposal(learned, None, np.full(SHAPE, where))


def test_what_the_layers_hold_already_is_no_change(scene):
    layers, source, labels = scene
    assert not changeable(proposed(source, labels), layers, None, ()).any()
    everywhere = np.full(SHAPE, DOG)
    assert np.array_equal(changeable(proposed(source, everywhere), layers, None, ()), labels != DOG)
    assert np.array_equal(changeable(proposed(source, np.zeros(SHAPE, int)), layers, None, ()), labels != 0)


def test_only_what_is_proposed_counts(scene):
    layers, source, _ = scene
    assert not changeable(proposed(source, np.full(SHAPE, COW), False), layers, None, ()).any()


def test_pixels_of_a_person_stay(scene):
    layers, source, _ = scene
    stated = np.zeros(SHAPE, bool)
    stated[:2] = True
    assert np.array_equal(changeable(proposed(source, np.full(SHAPE, COW)), layers, stated, ()), ~stated)


def test_a_locked_class_neither_wins_nor_loses(scene):
    layers, source, labels = scene
    cows = proposed(source, np.full(SHAPE, COW))
    assert np.array_equal(changeable(cows, layers, None, {CAT}), labels != CAT)
    assert not changeable(cows, layers, None, {COW}).any()


def test_places_like_an_example_are_found_and_no_others():
    grid, shape = (3, 4), (30, 40)
    kinds = np.array([0, 0, 1, 1] * 3)
    features = np.eye(2, dtype=np.float32)[kinds]
    found = alike(features, grid, (np.arange(12) == 0).astype(np.float32), shape)
    assert found[:, :15].all()
    assert not found[:, 25:].any()

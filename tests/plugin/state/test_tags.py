import json
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_cliptrase.plugin.state.tags import (
    TAGS_KEY,
    Member,
    Role,
    Tag,
    all_provenance,
    class_of,
    file_of,
    member_of,
    plugin_layers,
    provenance_at,
    set_tag,
    tag_of,
    with_provenance,
)

IMAGE = str(uuid4())


def tagged(role=Role.CLASS, class_id=1, **changes):
    layer = Labels(np.zeros((2, 3), np.uint8), name="cat · scene")
    set_tag(layer, replace(Tag(role, IMAGE, "scene", str(layer.unique_id), class_id), **changes))
    return layer


def foreign(**entries):
    """A label layer that no viewer tagged, as readers make it."""
    return Labels(np.zeros((2, 3), np.uint8), name="mine", metadata={TAGS_KEY: entries} if entries else {})


# -- tags


def test_a_tag_comes_back_as_it_was_written():
    layer = Labels(np.zeros((2, 3), np.uint8))
    provenance = {"0,1": {"model": "demo"}}
    tag = Tag(Role.SCORE, IMAGE, "scene", str(layer.unique_id), 3, 5, "a name", "{}", provenance, "scene.png")
    set_tag(layer, tag)
    assert tag_of(layer) == tag


def test_a_tag_is_plain_json_so_that_writers_can_keep_it():
    layer = tagged(provenance={"": {"model": "demo"}})
    assert json.loads(json.dumps(layer.metadata[TAGS_KEY])) == layer.metadata[TAGS_KEY]


def test_other_metadata_of_the_layer_stay():
    layer = Labels(np.zeros((2, 3), np.uint8), metadata={"mine": 5})
    set_tag(layer, Tag(Role.CLASS, IMAGE, "scene", str(layer.unique_id)))
    assert layer.metadata["mine"] == 5


def test_no_event_is_sent_when_a_tag_stays_the_same():
    layer, reported = tagged(), []
    layer.events.metadata.connect(reported.append)
    set_tag(layer, tag_of(layer))
    assert reported == []
    set_tag(layer, replace(tag_of(layer), run=2))
    assert len(reported) == 1


def test_a_duplicate_carries_the_tag_and_is_the_users():
    layer = tagged()
    assert tag_of(Labels(layer.data, metadata=dict(layer.metadata))) is None


@pytest.mark.parametrize("raw", [None, "cat", {}, {"role": "class"}, {"role": "no such role"}, {"surprise": 1}])
def test_what_is_no_tag_is_none(raw):
    layer = Labels(np.zeros((2, 3), np.uint8))
    if isinstance(raw, dict):
        raw = {**raw, "layer": str(layer.unique_id)}
    layer.metadata = {TAGS_KEY: raw}
    assert tag_of(layer) is None
    assert class_of(layer) is None
    assert provenance_at(layer, ()) == {}


def test_the_class_of_a_layer():
    assert class_of(tagged(class_id=7)) == 7
    assert class_of(tagged(Role.COMBINED, None)) is None


def test_layers_of_the_plugin_are_found_by_image_and_role_from_the_bottom_up():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((2, 3)))
    layers = []
    for role, image_id in ((Role.CLASS, image.unique_id), (Role.SCORE, image.unique_id), (Role.CLASS, uuid4())):
        layers.append(viewer.add_layer(tagged(role, image=str(image_id))))
    viewer.add_labels(np.zeros((2, 3), np.uint8))
    assert plugin_layers(viewer.layers) == tuple(layers)
    assert plugin_layers(viewer.layers, image.unique_id) == tuple(layers[:2])
    assert plugin_layers(viewer.layers, image.unique_id, Role.CLASS) == (layers[0],)


# -- to which mask a layer belongs


@pytest.mark.parametrize("role", [Role.CLASS, Role.COMBINED])
def test_label_layers_of_an_image_belong_to_its_mask(role):
    layer = tagged(role, image_file="scene.png")
    assert member_of(layer) == Member(IMAGE, role, 1, "scene", "scene.png")
    assert member_of(tagged(role)).file is None


@pytest.mark.parametrize("role", [Role.SCORE, Role.MARGIN, Role.REGIONS, Role.PREVIEW])
def test_pictures_belong_to_no_mask(role):
    assert member_of(tagged(role)) is None


def test_layers_from_a_file_belong_to_the_mask_of_that_file():
    from_file = foreign(mask="a key", class_id=2, image_name="scene", image_file="scene.png")
    assert member_of(from_file) == Member("a key", Role.CLASS, 2, "scene", "scene.png")
    assert member_of(foreign(mask="a key")) == Member("a key", Role.COMBINED, None, "mine", None)
    assert member_of(foreign(mask="a key", role="void")).role is Role.VOID


def test_a_layer_that_follows_an_image_belongs_to_the_mask_of_the_image():
    assert member_of(foreign(mask="a key", image=IMAGE, role="objects")).group == IMAGE


@pytest.mark.parametrize("entries", [{}, {"class_id": 2}, {"mask": "a key", "role": "surprise"}])
def test_layers_of_others_belong_to_no_mask(entries):
    assert member_of(foreign(**entries)) is None


def test_copies_belong_to_no_mask():
    layer = tagged()
    assert member_of(Labels(layer.data, metadata=dict(layer.metadata))) is None


def test_the_file_of_an_image():
    assert file_of(Image(np.zeros((2, 3)))) == ""
    opened = SimpleNamespace(source=SimpleNamespace(path="/some/folder/photo.png"))
    assert file_of(opened) == "photo.png"


# -- how results were made


def test_each_plane_has_its_own_record():
    known = with_provenance({}, (0, 3), {"model": "demo"})
    known = with_provenance(known, (1, 3), {"model": "other"})
    layer = tagged(provenance=known)
    assert provenance_at(layer, (0, 3)) == {"model": "demo"}
    assert provenance_at(layer, (1, 3)) == {"model": "other"}
    assert provenance_at(layer, (2, 3)) == {}


def test_a_result_without_a_record_leaves_the_last_one():
    known = {"": {"model": "demo"}}
    assert with_provenance(known, (), {}) == known


def test_of_several_layers_the_newest_record_of_each_plane_counts_in_the_order_of_planes():
    old, new = {"model": "demo", "time": "2024-01-01"}, {"model": "demo", "time": "2024-02-01"}
    one = tagged(provenance={"10": old, "2": new})
    other = tagged(provenance={"2": old, "10": new, "0": old})
    assert all_provenance([one, other, foreign()]) == (old, new, new)

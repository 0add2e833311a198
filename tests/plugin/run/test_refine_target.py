from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.layers.appearance import apply_classes
from napari_cliptrase.plugin.run.refine_target import (
    MOST_NUMBERS_LISTED,
    RefineTarget,
    labelled,
    refine_targets,
    table_for,
    whole_plane,
)
from napari_cliptrase.plugin.state.plane_source import Area, plane_source_of
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.session import Session

SHAPE = (12, 16)
TABLE = ClassTable.from_names("cat", "dog")
LEFT = np.ones(SHAPE, np.uint8)
LEFT[:, 8:] = 2


class Room:
    """A viewer with a film of three moments, its session and its label layers."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.layers = LabelLayers(self.viewer.layers, self.session.version_of)
        pixels = np.random.default_rng(0).integers(0, 255, (3, *SHAPE, 3), np.uint8)
        self.film = self.viewer.add_image(pixels, rgb=True, name="film")
        self.session.image = self.film
        self.viewer.dims.set_current_step(0, 1)

    def source(self, **how):
        return plane_source_of(self.viewer, self.film, self.session.version_of(self.film), **how)

    def write(self, output=Output.CLASSES, **provenance):
        self.layers.write(PlaneResult(self.source().target, LEFT, TABLE, provenance), output=output)

    def labelled(self, choice=None):
        return labelled(self.session, self.layers, choice or RefineTarget("", self.film))


@pytest.fixture
def room():
    return Room()


def titles(room):
    return [target.title for target in refine_targets(room.session)]


# -- what can be chosen


def test_images_with_layers_of_the_plugin_come_first_then_layers_of_others(room):
    room.viewer.add_labels(np.zeros((3, *SHAPE), np.uint8), name="mine")
    assert titles(room) == ["mine"]
    room.write()
    assert titles(room) == ["Classes of film", "mine"]


def test_layers_of_others_are_refined_over_the_chosen_image(room):
    mine = room.viewer.add_labels(np.zeros((3, *SHAPE), np.uint8), name="mine")
    other = room.viewer.add_image(np.zeros(SHAPE), name="other")
    assert refine_targets(room.session)[0].image == room.film
    room.session.image = None
    assert refine_targets(room.session)[0].image == other
    assert refine_targets(room.session)[0].layer == mine


def test_without_an_image_there_is_nothing_to_choose(room):
    room.viewer.add_labels(np.zeros(SHAPE, np.uint8))
    room.viewer.layers.remove(room.film)
    assert refine_targets(room.session) == ()


def test_a_choice_stays_the_same_when_its_layers_are_renamed(room):
    room.write()
    before = refine_targets(room.session)[0]
    room.film.name = "movie"
    after = refine_targets(room.session)[0]
    assert after.title != before.title
    assert after.same_as(before)
    assert not after.same_as(None)
    assert not after.same_as(RefineTarget(after.title, room.film, room.viewer.add_labels(np.zeros(SHAPE, np.uint8))))


# -- its classes


def test_the_classes_of_an_image_are_those_of_its_layers(room):
    room.write()
    assert table_for(room.layers, RefineTarget("", room.film)) == TABLE


def test_a_layer_of_others_has_the_classes_of_its_own_table(room):
    mine = room.viewer.add_labels(np.zeros((3, *SHAPE), np.uint8))
    apply_classes(mine, TABLE)
    assert [entry.name for entry in table_for(room.layers, RefineTarget("", room.film, mine))] == ["cat", "dog"]


def test_without_a_table_the_labels_that_occur_are_the_classes_unless_they_are_objects(room):
    labels = np.zeros((3, *SHAPE), np.uint16)
    labels[0, 0, :3] = (0, 7, 300)
    mine = room.viewer.add_labels(labels)
    assert table_for(room.layers, RefineTarget("", room.film, mine)).ids == (7, 300)
    labels.flat[: MOST_NUMBERS_LISTED + 1] = np.arange(MOST_NUMBERS_LISTED + 1)
    assert table_for(room.layers, RefineTarget("", room.film, mine)).ids == ()


def test_of_a_layer_with_several_levels_no_class_is_known(room):
    levels = room.viewer.add_labels([np.ones((8, 8), np.uint8), np.ones((4, 4), np.uint8)])
    assert table_for(room.layers, RefineTarget("", room.film, levels)).ids == ()


# -- its labels


def test_labels_hand_edits_and_provenance_are_those_of_the_plane_on_screen(room):
    room.write(model="demo", time="1")
    layer = room.layers.class_layers(room.film)[1]
    layer.data_setitem((np.array([1]), np.array([3]), np.array([4])), 0)
    found = room.labelled()
    expected = LEFT.copy()
    expected[3, 4] = 0
    assert np.array_equal(found.labels, expected)
    assert np.argwhere(found.edited).tolist() == [[3, 4]]
    assert found.provenance == {"model": "demo", "time": "1"}
    room.viewer.dims.set_current_step(0, 2)
    found = room.labelled()
    assert not found.labels.any()
    assert (found.edited.any(), found.provenance) == (False, {})


def test_of_several_records_the_newest_counts(room):
    room.write(output=Output.COMBINED, model="old", time="2024-01-01")
    room.write(model="new", time="2024-02-01")
    assert room.labelled().provenance["model"] == "new"


def test_scores_belong_to_the_plane_that_they_are_of(room):
    room.write()
    segmentation = SimpleNamespace(scores="scores")
    room.session.segmented = Segmented(room.source(), segmentation, ())
    assert room.labelled().scores == "scores"
    room.viewer.dims.set_current_step(0, 2)
    assert room.labelled().scores is None


def test_the_picture_is_the_one_that_was_encoded_or_is_read(room):
    assert np.array_equal(room.labelled().picture(), room.film.data[1])
    encoded = np.full((*SHAPE, 3), 9, np.uint8)
    room.session.encoded = Encoded(room.source(), encoded, None, "demo")
    assert room.labelled().picture() is encoded


def test_labels_of_others_are_read_and_have_no_hand_edits_that_stay(room):
    labels = np.zeros((3, *SHAPE), np.uint8)
    labels[1] = LEFT
    mine = room.viewer.add_labels(labels)
    found = room.labelled(RefineTarget("mine", room.film, mine))
    assert np.array_equal(found.labels, LEFT)
    assert (found.edited.any(), found.scores, found.provenance) == (False, None, {})
    found.labels[...] = 7
    assert np.array_equal(mine.data[1], LEFT)


def test_labels_of_another_size_are_refused_in_words(room):
    small = room.viewer.add_labels(np.zeros((3, 3), np.uint8), name="small")
    with pytest.raises(CliptraseError, match=r"'small' has other axes or another size than image 'film'; choose"):
        room.labelled(RefineTarget("small", room.film, small))


# -- how its plane is read


def test_the_whole_plane_is_taken_although_a_part_was_encoded(room):
    room.film.corner_pixels = np.array([[0, 2, 3], [0, 6, 9]])
    part = room.source(area=Area.VISIBLE)
    assert part.target.shape != SHAPE
    room.session.encoded = Encoded(part, None, None, "demo")
    assert whole_plane(room.session, room.film).target.shape == SHAPE


def test_axes_and_contrast_are_those_of_the_last_encoding(room):
    stack = room.viewer.add_image(np.full((4, 5, 6), 100.0), name="stack", contrast_limits=(100, 200))
    assert whole_plane(room.session, stack).rgb().max() == 0
    roles = AxisRoles("YZX")
    source = plane_source_of(room.viewer, stack, 0, roles=roles, as_shown=False)
    room.session.encoded = Encoded(source, None, None, "demo")
    found = whole_plane(room.session, stack)
    assert (found.roles, found.contrast) == (roles, None)
    other = room.viewer.add_image(np.full((4, 5, 6), 100.0), name="other", contrast_limits=(100, 200))
    assert whole_plane(room.session, other).rgb().max() == 0  # the encoding of another image says nothing about it

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult, run_writer
from napari_cliptrase.plugin.run.refine_target import RefineTarget
from napari_cliptrase.plugin.run.refine_write import RefinementWriter
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.state.tags import provenance_at

SHAPE = (12, 16)
TABLE = ClassTable.from_names("cat", "dog")
COARSE = np.ones(SHAPE, np.uint8)
COARSE[:, 8:] = 2
FINE = np.ones(SHAPE, np.uint8)
FINE[:, 6:] = 2


class Room:
    """A viewer with an image and what writes refinements of its labels."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.layers = LabelLayers(self.viewer.layers, self.session.version_of)
        self.image = self.viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True, name="photo")
        self.writer = RefinementWriter(self.session, self.layers)

    @property
    def source(self):
        return plane_source_of(self.viewer, self.image, self.session.version_of(self.image))

    def segment(self, output=Output.CLASSES):
        self.layers.write(PlaneResult(self.source.target, COARSE, TABLE), output=output)

    def refine(self, layer=None, labels=FINE):
        self.writer.write(
            RefineTarget("", self.image, layer),
            SimpleNamespace(source=self.source),
            SimpleNamespace(labels=labels, provenance={"refinement": "superpixels"}),
        )

    def labels(self):
        return self.layers.combined(self.source.target)[0]


@pytest.fixture
def room():
    return Room()


@pytest.mark.parametrize("output", Output)
def test_a_refinement_goes_into_the_layers_that_are_there(room, output):
    room.segment(output)
    before = len(room.viewer.layers)
    room.refine()
    assert len(room.viewer.layers) == before
    assert np.array_equal(room.labels(), FINE)
    if output is Output.BOTH:
        assert np.array_equal(room.layers.combined_layer(room.image).data, FINE)
    for layer in room.layers.label_layers(room.image):
        assert provenance_at(layer, ()) == {"refinement": "superpixels"}


def test_hand_edits_and_locked_classes_stay(room):
    room.segment()
    room.layers.class_layers(room.image)[1].data_setitem((np.array([0]), np.array([7])), 1)
    room.refine()
    assert room.labels()[0, 7] == 1
    room.session.locked = frozenset({2})
    room.refine(labels=np.ones(SHAPE, np.uint8))
    assert (room.labels()[1:, 6:] == 2).all()


def test_a_refinement_is_undone_as_one_run(room):
    room.segment()
    assert not room.writer.can_undo
    room.refine()
    assert room.writer.can_undo
    room.writer.undo()
    assert np.array_equal(room.labels(), COARSE)
    assert not room.writer.can_undo


def test_a_run_after_the_refinement_is_not_what_undo_takes_back(room):
    room.segment()
    room.refine()
    room.segment()
    assert not room.writer.can_undo
    before = room.labels()
    room.writer.undo()
    assert np.array_equal(room.labels(), before)


def test_locked_classes_keep_their_refinement_when_it_is_undone(room):
    room.segment()
    room.refine()
    room.session.locked = frozenset({2})
    room.writer.undo()
    assert (room.layers.class_layers(room.image)[2].data[:, 6:] == 2).all()


def test_what_the_user_should_know_is_shown(room, monkeypatch):
    room.segment()
    notification_manager.records.clear()
    monkeypatch.setattr(run_writer, "MOST_CHANGES", 5)
    room.refine()
    assert any("was written as a new layer" in record.message for record in notification_manager.records)


def test_labels_of_others_stay_and_get_a_refined_copy_above_them(room):
    mine = room.viewer.add_labels(COARSE.copy(), name="mine", opacity=0.3)
    above = room.viewer.add_labels(COARSE.copy(), name="above")
    room.refine(mine)
    names = [layer.name for layer in room.viewer.layers]
    assert names == ["photo", "mine", "mine (refined)", "above"]
    copy = room.viewer.layers["mine (refined)"]
    assert np.array_equal(copy.data, FINE)
    assert np.array_equal(mine.data, COARSE)
    assert (mine.visible, copy.visible, copy.opacity, above.visible) == (False, True, 0.3, True)


def test_a_copy_of_a_film_is_refined_in_the_plane_on_screen_only(room):
    room.image = room.viewer.add_image(np.zeros((3, *SHAPE, 3), np.uint8), rgb=True, name="film")
    mine = room.viewer.add_labels(np.stack([COARSE] * 3), name="mine")
    room.viewer.dims.set_current_step(0, 1)
    room.refine(mine)
    copy = room.viewer.layers["mine (refined)"]
    assert [np.array_equal(plane, FINE) for plane in copy.data] == [False, True, False]
    assert np.array_equal(copy.data[0], COARSE)


def test_undo_takes_the_copy_away(room):
    mine = room.viewer.add_labels(COARSE.copy(), name="mine")
    room.refine(mine)
    assert room.writer.can_undo
    room.writer.undo()
    assert "mine (refined)" not in room.viewer.layers
    assert not room.writer.can_undo


def test_a_copy_that_the_user_deleted_is_nothing_to_undo(room):
    mine = room.viewer.add_labels(COARSE.copy(), name="mine")
    room.refine(mine)
    room.viewer.layers.remove("mine (refined)")
    assert not room.writer.can_undo
    room.writer.undo()
    assert np.array_equal(mine.data, COARSE)

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.refine.method_texts import FREE, METHOD_TEXTS, NEAR_BOUNDARIES, NEVER
from napari_cliptrase.plugin.widgets.refine.refine_controls import RefineControls
from napari_cliptrase.refine.limits import Strength
from napari_cliptrase.refine.methods import Method

LABELS = np.repeat([[1, 2]], 10, 0).repeat(5, 1).astype(np.uint8)


class Labelled:
    """A viewer with an image and its classes, and the controls."""

    def __init__(self, qtbot):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)
        self.layers = LabelLayers(self.viewer.layers, self.session.version_of)
        self.image = self.viewer.add_image(np.zeros((10, 10, 3), np.uint8), rgb=True, name="scene")
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog")
        target = plane_source_of(self.viewer, self.image, 0).target
        self.layers.write(PlaneResult(target, LABELS, self.session.prompts.table()))
        self.controls = RefineControls(self.session, self.layers)
        qtbot.addWidget(self.controls)
        self.changes = []
        self.controls.changed.connect(lambda: self.changes.append(self.controls.limits))

    def listed(self):
        what = self.controls.what
        return [what.itemText(row) for row in range(what.count())]


@pytest.fixture
def labelled(qtbot):
    return Labelled(qtbot)


def test_the_list_follows_the_layers_and_the_choice_stays_with_its_layer(labelled):
    controls = labelled.controls
    mine = labelled.viewer.add_labels(LABELS.copy(), name="mine")
    assert labelled.listed() == ["Classes of scene", "mine"]
    controls.what.setCurrentIndex(1)
    mine.name = "yours"
    assert (controls.what.currentText(), controls.choice.layer) == ("yours", mine)
    labelled.viewer.layers.remove(mine)
    assert controls.choice.layer is None
    assert labelled.changes
    labelled.viewer.layers.remove(labelled.image)
    assert labelled.listed() == []
    assert controls.choice is None


def test_the_classes_are_those_of_what_is_chosen_and_locks_count_for_ours_only(labelled):
    controls = labelled.controls
    assert controls.limits.classes == {1, 2}
    labelled.session.locked = frozenset({2})
    assert controls.limits.classes == {1}
    labelled.viewer.add_labels(LABELS + 4, name="mine")
    controls.what.setCurrentIndex(1)
    assert controls.limits.classes == {5, 6}


def test_many_objects_are_no_classes_to_choose_from(labelled):
    labelled.viewer.add_labels(np.arange(300).reshape(10, 30), name="objects")
    labelled.controls.what.setCurrentIndex(1)
    assert labelled.controls.limits.classes is None
    assert not labelled.controls.classes.isVisibleTo(labelled.controls)


@pytest.mark.parametrize(
    ("title", "strength"), [(NEVER, Strength(0)), (FREE, Strength(None)), (NEAR_BOUNDARIES, Strength(7))]
)
def test_what_may_change_is_reported_and_a_band_has_a_width(labelled, title, strength):
    controls = labelled.controls
    controls.band.setValue(7)
    controls.strength.setCurrentText(title)
    assert controls.limits.strength == strength
    assert controls.band.isVisibleTo(controls) is (title == NEAR_BOUNDARIES)


@pytest.mark.parametrize("method", Method)
def test_each_method_brings_its_own_setting(labelled, method):
    controls = labelled.controls
    controls.method_combo.setCurrentIndex(controls.method_combo.findData(str(method)))
    setting = METHOD_TEXTS[method].setting
    assert controls.method is method
    assert controls.about_method.text() == METHOD_TEXTS[method].tip
    assert controls.form.labelForField(controls.setting).text() == setting.title
    assert controls.options == {setting.option: setting.values[0][1]}
    controls.setting.setCurrentIndex(1)
    assert controls.options == {setting.option: setting.values[1][1]}


def test_every_choice_is_reported(labelled):
    controls = labelled.controls
    for choose in (
        lambda: controls.method_combo.setCurrentIndex(1),
        lambda: controls.setting.setCurrentIndex(2),
        lambda: controls.strength.setCurrentText(FREE),
        lambda: controls.band.setValue(3),
        lambda: controls.classes.set_chosen(1, False),
        lambda: controls.sam.setCurrentIndex(1),
    ):
        labelled.changes.clear()
        choose()
        assert labelled.changes

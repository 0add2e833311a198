import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import LabelLayers, PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.widgets.export.mask_tree import MaskTree

LABELS = np.repeat([[1, 2]], 10, 0).repeat(5, 1).astype(np.uint8)


class Masks:
    """A viewer that may have results, and the list of its masks."""

    def __init__(self, qtbot):
        self.viewer = ViewerModel()
        self.layers = LabelLayers(self.viewer.layers, lambda _image: 0)
        self.tree = MaskTree(self.viewer.layers)
        qtbot.addWidget(self.tree)
        self.told = []
        self.tree.changed.connect(lambda: self.told.append(self.chosen()))

    def segment(self, name="scene", output=Output.CLASSES):
        image = self.viewer.add_image(np.zeros((10, 10, 3), np.uint8), rgb=True, name=name)
        target = plane_source_of(self.viewer, image, 0).target
        self.layers.write(PlaneResult(target, LABELS, PromptSet.parse("cat\ndog").table()), output=output)
        return image

    def items(self):
        """All rows: the text, and whether it is checked."""
        found = []
        for row in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(row)
            found += [top, *(top.child(number) for number in range(top.childCount()))]
        return found

    def rows(self):
        return [(item.text(0), item.checkState(0) is not Qt.CheckState.Unchecked) for item in self.items()]

    def check(self, text, checked):
        item = next(item for item in self.items() if item.text(0) == text)
        item.setCheckState(0, Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)

    def chosen(self):
        return [(source.title, [layer.name for layer in source.layers]) for source in self.tree.chosen()]


@pytest.fixture
def masks(qtbot):
    return Masks(qtbot)


def test_an_image_has_its_classes_below_it_the_topmost_first(masks):
    image = masks.segment()
    layers = masks.layers.class_layers(image)
    assert masks.rows() == [("scene", True), ("cat", True), ("dog", True)]
    assert list(masks.viewer.layers) == [image, layers[2], layers[1]]  # cat on top
    masks.viewer.layers.move(2, 1)
    assert masks.rows() == [("scene", True), ("dog", True), ("cat", True)]
    assert masks.chosen() == [("scene", [layers[1].name, layers[2].name])]


def test_an_unchecked_class_stays_so_when_layers_come_and_are_renamed(masks):
    image = masks.segment()
    masks.check("cat", False)
    masks.layers.class_layers(image)[1].name = "renamed"
    masks.viewer.add_points(np.zeros((1, 2)))
    assert masks.rows() == [("scene", True), ("cat", False), ("dog", True)]
    assert masks.chosen() == [("scene", [masks.layers.class_layers(image)[2].name])]


def test_unchecking_an_image_unchecks_all_of_it_and_tells(masks):
    masks.segment("one")
    masks.segment("two")
    masks.told.clear()
    masks.check("one", False)
    assert [title for title, _ in masks.chosen()] == ["two"]
    assert masks.told[-1] == masks.chosen()


def test_of_both_kinds_of_layers_the_classes_are_checked_and_the_other_can_be(masks):
    image = masks.segment(output=Output.BOTH)
    combined = masks.layers.combined_layer(image)
    assert masks.rows().count((combined.name, False)) == 1
    masks.check(combined.name, True)
    assert (combined.name, [combined.name]) in masks.chosen()


def test_other_label_layers_are_checked_only_where_nothing_else_is_there(masks):
    cells = masks.viewer.add_labels(np.eye(10, dtype=int), name="cells")
    assert masks.rows() == [("cells", True)]
    cells.name = "nuclei"
    assert masks.rows() == [("nuclei", True)]
    masks.segment()
    assert ("nuclei", False) in masks.rows()
    masks.viewer.layers.remove(cells)
    assert [text for text, _ in masks.rows()] == ["scene", "cat", "dog"]


def test_each_class_has_the_swatch_of_its_colour(masks):
    masks.segment()
    cat = next(item for item in masks.items() if item.text(0) == "cat")
    picture = cat.icon(0).pixmap(12, 12).toImage()
    red, green, blue, _alpha = picture.pixelColor(6, 6).getRgb()
    wanted = PromptSet.parse("cat\ndog").table().get(1).color
    assert (red, green, blue) == tuple(wanted)


def test_a_long_list_scrolls_instead_of_growing(masks):
    masks.segment()
    three = masks.tree.height()
    for number in range(4):
        masks.segment(f"scene {number}")
    many = masks.tree.height()
    masks.segment("one more")
    assert three < many == masks.tree.height()

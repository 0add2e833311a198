import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.plugin.state.plane_source import Area, Planes
from napari_cliptrase.plugin.widgets.segment.image_picker import ImagePicker, axes_text, role_choices


@pytest.fixture
def picker(images, qtbot):
    picker = ImagePicker(images.session)
    qtbot.addWidget(picker)
    return picker


def entries(combo):
    return [combo.itemText(row) for row in range(combo.count())]


def choose(combo, words):
    """Choose the entry with these words as a user does."""
    row = next(row for row, text in enumerate(entries(combo)) if words in text)
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def test_the_list_of_images_follows_the_layer_list(images, picker):
    first, second = images.add(name="first"), images.add(name="second")
    images.viewer.add_labels(np.zeros((4, 4), np.uint8))
    assert entries(picker.image) == ["second", "first"]
    assert images.session.image == first
    second.name = "renamed"
    assert entries(picker.image) == ["renamed", "first"]
    picker.image.setCurrentIndex(0)
    assert images.session.image == second
    images.viewer.layers.remove(second)
    assert images.session.image == first
    assert picker.image.currentText() == "first"


def test_without_an_image_it_says_what_to_do(images, picker):
    with pytest.raises(CliptraseError, match="Open an image first"):
        picker.source()
    image = images.add()
    images.viewer.layers.remove(image)
    assert entries(picker.image) == []
    with pytest.raises(CliptraseError, match="Open an image first"):
        picker.source()


def test_axes_are_offered_when_there_is_a_choice(images, picker):
    images.add()
    assert not picker.axes.isVisibleTo(picker)
    images.viewer.layers.clear()
    images.add(shape=(5, 40, 50), rgb=False)
    assert picker.axes.isVisibleTo(picker)
    choose(picker.axes, "5 channels")
    assert picker.source().roles.letters == "CYX"
    assert picker.source().target.geometry.shape == (40, 50)


def test_each_image_keeps_what_was_said_about_its_axes(images, picker):
    stack = images.add(shape=(5, 40, 50), rgb=False, name="stack")
    other = images.add(shape=(6, 40, 50), rgb=False, name="other")
    images.session.image = stack
    choose(picker.axes, "5 channels")
    images.session.image = other
    assert picker.source().roles.letters == "ZYX"
    images.session.image = stack
    assert picker.axes.currentText() == "5 channels"
    assert picker.source().roles.letters == "CYX"


def test_planes_are_offered_where_there_are_several(images, picker):
    images.add(name="flat")
    assert not picker.planes.isVisibleTo(picker)
    images.session.image = images.add(shape=(5, 40, 50), rgb=False, name="stack")
    assert picker.planes.isVisibleTo(picker)
    picker.planes.value = Planes.ALL
    assert picker.chosen_planes() is Planes.ALL
    choose(picker.axes, "5 channels")
    assert not picker.planes.isVisibleTo(picker)
    assert picker.chosen_planes() is Planes.SHOWN
    images.session.image = images.add(shape=(1, 40, 50), rgb=False, name="one plane")
    assert not picker.planes.isVisibleTo(picker)


def test_contrast_is_offered_for_gray_images_only(images, picker):
    images.add()
    assert not picker.as_shown.isVisibleTo(picker)
    images.viewer.layers.clear()
    images.add(shape=(40, 50), rgb=False, contrast_limits=(10, 90))
    assert picker.as_shown.isVisibleTo(picker)
    assert picker.source().contrast == (10, 90)
    picker.as_shown.setChecked(False)
    assert picker.source().contrast is None


def test_the_levels_of_a_multiscale_image_are_offered_with_their_size(images, picker):
    images.add()
    assert not picker.level.isVisibleTo(picker)
    pyramid = [np.zeros((400 // step, 600 // step, 3), np.uint8) for step in (1, 2, 4)]
    images.session.image = images.viewer.add_image(pyramid, multiscale=True, rgb=True, name="pyramid")
    assert picker.level.isVisibleTo(picker)
    assert entries(picker.level) == ["600 × 400 pixels", "300 × 200 pixels", "150 × 100 pixels"]
    assert picker.source().target.shape == (400, 600)
    choose(picker.level, "150 × 100")
    assert picker.source().target.shape == (100, 150)


def test_only_the_drawn_shape_is_segmented_when_that_is_chosen(images, picker):
    images.add()
    picker.area.setCurrentIndex(list(Area).index(Area.SHAPE))
    with pytest.raises(CliptraseError, match="No shape lies on image 'scene'"):
        picker.source()
    images.viewer.add_shapes([[10, 20], [10, 39], [29, 39], [29, 20]], shape_type="polygon")
    target = picker.source().target
    assert (target.rows.start, target.columns.start) == (10, 20)
    assert target.shape[0] < 30


def test_the_guess_comes_first_then_no_channels_then_each_axis_as_channels(images):
    image = images.add(shape=(2, 5, 40, 50), rgb=False)
    letters = [roles.letters for roles in role_choices(image)]
    assert letters == ["TZYX", "CZYX", "TCYX"]
    assert [roles.letters for roles in role_choices(images.add())] == ["YXS"]


def test_axes_are_described_with_their_lengths(images):
    image = images.add(shape=(2, 5, 40, 50), rgb=False)
    assert axes_text(image, AxisRoles("TCYX")) == "2 planes, 5 channels"
    assert axes_text(image, AxisRoles("QZYX")) == "2 planes (axis 0), 5 planes (axis 1)"
    image.axis_labels = ("t", "z", "y", "x")
    assert axes_text(image, AxisRoles("TZYX")) == "2 time (T), 5 planes (Z)"
    image.axis_labels = ("round", "z", "y", "x")
    assert axes_text(image, AxisRoles("QZYX")) == "2 planes (round), 5 planes (Z)"
    assert axes_text(images.add(), AxisRoles("YXS")) == "one plane"


def test_a_range_of_planes_is_asked_for_along_an_axis(images, picker):
    images.add(shape=(12, 5, 40, 50), rgb=False)
    images.viewer.dims.set_current_step(1, 3)
    assert not picker.range_first.isVisibleTo(picker)
    picker.planes.value = Planes.RANGE
    assert picker.range_first.isVisibleTo(picker)
    assert entries(picker.range_axis) == ["planes (axis 0)", "planes (axis 1)"]
    assert (picker.range_first.value(), picker.range_last.value()) == (0, 11)
    picker.range_first.setValue(4)
    picker.range_last.setValue(2)  # before the first: it stays at the first
    source = picker.source()
    assert picker.chosen_range(source).indices(source.roles, source.array.shape) == [(4, 3)]
    picker.range_last.setValue(6)
    assert picker.chosen_range(source).indices(source.roles, source.array.shape) == [(4, 3), (5, 3), (6, 3)]
    choose(picker.range_axis, "axis 1")
    assert picker.range_last.maximum() == 4
    picker.planes.value = Planes.ALL
    assert picker.chosen_range(picker.source()) is None
    assert not picker.range_first.isVisibleTo(picker)


def test_of_one_axis_of_planes_no_axis_is_asked_for(images, picker):
    images.add(shape=(12, 40, 50), rgb=False)
    picker.planes.value = Planes.RANGE
    assert not picker.range_axis.isVisibleTo(picker)
    assert picker.range_last.value() == 11


def test_smoothing_is_offered_where_several_planes_are_segmented(images, picker):
    images.add(shape=(5, 40, 50), rgb=False)
    assert not picker.smoothing.isVisibleTo(picker)
    picker.smoothing.number.setValue(0.3)
    assert picker.chosen_smoothing() == 0
    picker.planes.value = Planes.ALL
    assert picker.smoothing.isVisibleTo(picker)
    assert picker.chosen_smoothing() == pytest.approx(0.3)
    images.session.image = images.add()
    assert not picker.smoothing.isVisibleTo(picker)

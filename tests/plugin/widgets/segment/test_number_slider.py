import pytest
from qtpy.QtWidgets import QDoubleSpinBox

from napari_cliptrase.plugin.widgets.segment.number_slider import NumberSlider


@pytest.fixture
def number(qtbot):
    field = QDoubleSpinBox()
    field.setRange(0, 1)
    field.setDecimals(2)
    field.setToolTip("a figure")
    pair = NumberSlider(field)
    qtbot.addWidget(pair)
    return pair


def test_slider_and_number_move_each_other(number):
    number.slider.setValue(25)
    assert number.number.value() == 0.25
    number.number.setValue(0.8)
    assert number.slider.value() == 80
    number.slider.setValue(0)
    assert number.number.value() == 0


def test_the_slider_keeps_what_was_typed_between_two_of_its_places(number):
    number.number.setDecimals(3)
    number.number.setValue(0.123)
    assert (number.slider.value(), number.number.value()) == (12, 0.123)


def test_the_slider_is_gray_with_its_number_and_says_the_same(number):
    number.number.setEnabled(False)
    assert not number.slider.isEnabled()
    number.number.setEnabled(True)
    assert number.slider.isEnabled()
    assert number.slider.toolTip() == "a figure"

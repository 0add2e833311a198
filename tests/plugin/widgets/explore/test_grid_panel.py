import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_cliptrase.plugin.widgets.explore.grid_panel import GridPanel, heat_colors


@pytest.fixture
def panel(qtbot):
    panel = GridPanel()
    qtbot.addWidget(panel)
    panel.resize(302, 202)
    panel.show()
    return panel


def test_the_least_value_is_dark_and_the_greatest_light():
    colors = heat_colors(np.array([[-1.0, 0.0], [1.0, np.nan]]))
    assert colors[0, 0].sum() < colors[0, 1].sum() < colors[1, 0].sum()
    np.testing.assert_array_equal(colors[1, 1], colors[0, 0])


def test_values_that_are_all_the_same_are_drawn():
    assert heat_colors(np.full((2, 2), 0.3)).shape == (2, 2, 3)


def test_a_row_is_a_row_and_a_column_is_a_column(panel):
    panel.show_values(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), aspect=2 / 3)
    image = panel.image()
    assert (image.width(), image.height()) == (3, 2)
    assert image.pixelColor(2, 0).lightness() > image.pixelColor(0, 1).lightness()


def test_the_patch_under_the_mouse_is_reported(panel, qtbot):
    panel.show_values(np.zeros((2, 3)), aspect=2 / 3)
    with qtbot.waitSignal(panel.pointed) as pointed:
        qtbot.mouseMove(panel, QPoint(250, 150))
    assert pointed.args == [1, 2]


def test_beside_the_picture_there_is_no_patch(panel):
    panel.show_values(np.zeros((2, 2)), aspect=1)
    assert panel.patch_at(QPoint(20, 100)) is None
    assert panel.patch_at(QPoint(60, 100)) == (0, 0) or panel.patch_at(QPoint(60, 100)) == (1, 0)


def test_a_click_picks_the_panel(panel, qtbot):
    with qtbot.waitSignal(panel.picked):
        qtbot.mouseClick(panel, Qt.MouseButton.LeftButton)


def test_an_empty_panel_draws_its_reason(panel):
    panel.show_nothing("Run the model first.")
    assert not panel.grab().isNull()
    assert panel.patch_at(QPoint(100, 100)) is None

from napari.components import ViewerModel
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QWidget

from napari_cliptrase.plugin.docks import ExplorePatches
from napari_cliptrase.plugin.widgets.choices import NarrowCombo


def turn_wheel_over(widget: QWidget) -> None:
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_scrolling_a_dock_changes_no_choice(qtbot):
    combo = NarrowCombo("What is chosen.")
    qtbot.addWidget(combo)
    combo.addItems(["one", "two", "three"])
    turn_wheel_over(combo)
    assert combo.currentIndex() == 0
    assert combo.toolTip() == "What is chosen."


def test_the_choosers_of_the_explore_dock_leave_the_wheel_alone(qtbot):
    dock = ExplorePatches(ViewerModel())
    qtbot.addWidget(dock)
    combos = dock.findChildren(QComboBox)
    assert len(combos) == 3  # layer, head and what lies on the image
    for combo in combos:
        before = combo.currentIndex()
        turn_wheel_over(combo)
        assert combo.currentIndex() == before

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow

from napari_cliptrase.plugin.widgets.dock_visibility import DockVisibility


class Window:
    """A window with two docks in one place, of which the first one is watched."""

    def __init__(self, qtbot):
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.content = QLabel("what is watched")
        self.watched, self.other = (QDockWidget(title, self.window) for title in ("Watched", "Other"))
        self.watched.setWidget(self.content)
        self.other.setWidget(QLabel("something else"))
        for frame in (self.watched, self.other):
            self.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, frame)
        self.window.tabifyDockWidget(self.watched, self.other)
        self.visibility = DockVisibility(self.content)
        self.reported = []
        self.visibility.changed.connect(self.reported.append)
        self.window.show()
        self.watched.raise_()
        qtbot.waitUntil(lambda: self.visibility.now)
        self.reported.clear()


@pytest.fixture
def window(qtbot):
    return Window(qtbot)


def test_behind_another_tab_a_dock_is_not_seen(window, qtbot):
    window.other.raise_()
    qtbot.waitUntil(lambda: not window.visibility.now)
    window.watched.raise_()
    qtbot.waitUntil(lambda: window.visibility.now)
    assert window.reported == [False, True]


def test_a_hidden_dock_is_not_seen_and_each_change_is_reported_once(window):
    window.content.hide()
    assert window.reported == [False]
    window.content.show()
    assert window.reported == [False, True]


def test_a_window_that_closes_is_reported_once(window, qtbot):
    window.window.hide()
    qtbot.waitUntil(lambda: not window.visibility.now)
    window.window.show()
    qtbot.waitUntil(lambda: window.visibility.now)
    assert window.reported == [False, True]


def test_a_dock_that_moves_to_another_frame_is_followed_there_alone(window, qtbot):
    frame = QDockWidget("New", window.window)
    frame.setWidget(window.content)
    window.window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, frame)
    window.content.show()
    qtbot.waitUntil(lambda: window.visibility.now)
    window.watched.hide()  # the old frame is empty now
    assert window.visibility.now
    frame.hide()
    qtbot.waitUntil(lambda: not window.visibility.now)


def test_a_widget_without_a_dock_is_watched_too(qtbot):
    label = QLabel("alone")
    qtbot.addWidget(label)
    visibility = DockVisibility(label)
    assert not visibility.now
    label.show()
    assert visibility.now
    label.hide()
    assert not visibility.now

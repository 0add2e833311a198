import gc

import pytest
from psygnal import Signal
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QLabel

from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly


class Teller:
    reported = Signal(str)


class Listener(QLabel):
    """Shows what it is told; counts how often it was asked to."""

    heard = 0

    def show_text(self, text: str) -> None:
        type(self).heard += 1
        self.setText(text)


@pytest.fixture
def teller():
    Listener.heard = 0
    return Teller()


def test_a_living_widget_hears(qtbot, teller):
    label = Listener()
    qtbot.addWidget(label)
    connect_weakly(teller.reported, label.show_text)
    teller.reported.emit("hello")
    assert label.text() == "hello"


def test_the_connection_keeps_no_widget_alive(qtbot, teller):
    label = Listener()
    connect_weakly(teller.reported, label.show_text)
    del label
    gc.collect()
    teller.reported.emit("hello")
    assert Listener.heard == 0


def test_a_widget_that_qt_deleted_is_left_alone(qtbot, teller):
    label = Listener()
    connect_weakly(teller.reported, label.show_text)
    label.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    teller.reported.emit("hello")
    assert Listener.heard == 1  # it tried, and met nothing


def test_another_error_is_not_hidden(teller):
    class Broken:
        def fail(self, text: str) -> None:
            raise RuntimeError(f"cannot show {text}")

    broken = Broken()
    connect_weakly(teller.reported, broken.fail)
    with pytest.raises(Exception, match="cannot show hello"):
        teller.reported.emit("hello")

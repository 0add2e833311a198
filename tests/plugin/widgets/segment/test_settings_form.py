import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_cliptrase.cliptrase.options import Absent, Vote
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.widgets.segment.advanced_settings import ADVANCED_TEXTS, SCORE_TEXTS
from napari_cliptrase.plugin.widgets.segment.settings_form import SettingsForm


@pytest.fixture
def session():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((8, 8)))
    session = Session(viewer)
    yield session
    del viewer


@pytest.fixture
def form(qtbot, session):
    form = SettingsForm(session, SCORE_TEXTS | ADVANCED_TEXTS)
    qtbot.addWidget(form)
    return form


def test_a_field_changes_the_session_and_follows_it(form, session):
    form.field("vote").value = Vote.SOFT
    form.field("threshold").value = 0.25
    assert session.settings == Settings(vote=Vote.SOFT, threshold=0.25)
    session.settings = Settings(vote=Vote.OFF)
    assert (form.field("vote").value, form.field("threshold").value) == (Vote.OFF, 0)


def test_limits_come_from_the_setting(form):
    protect = form.field("protect")
    assert (protect.min, protect.max) == (0, 1)


def test_every_value_of_a_choice_is_offered_with_a_title(form):
    combo = form.field("absent")
    assert set(combo.choices) == set(Absent)
    native = combo.native
    assert [native.itemText(row) for row in range(native.count())] == ["compete", "drop (purify)", "drop (peak)"]


def test_the_lowest_value_of_an_optional_number_stands_for_none(form, session):
    figure = form.field("absent_threshold")
    assert figure.native.text() == "usual"
    figure.value = 0.2
    assert session.settings.absent_threshold == 0.2
    figure.value = 0
    assert session.settings.absent_threshold is None


def test_a_slider_beside_a_number_changes_the_session_and_follows_it(form, session):
    slider = form.field("absent_threshold").native.parent().slider
    slider.setValue(30)
    assert session.settings.absent_threshold == 0.3
    slider.setValue(0)
    assert session.settings.absent_threshold is None
    session.settings = Settings(absent_threshold=0.5)
    assert slider.value() == 50
    assert form.field("ambiguity").native.parent().slider.value() == 0


def test_the_wheel_scrolls_the_dock_and_turns_no_field(qtbot, form, session):
    form.show()
    native = form.field("vote").native
    native.clearFocus()
    place = QPointF(native.rect().center())
    turn = QWheelEvent(
        place,
        native.mapToGlobal(place),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(native, turn)
    assert session.settings.vote is Settings().vote

import pytest

from napari_cliptrase.plugin.widgets.folder.blocked_panel import BlockedPanel
from napari_cliptrase.project.image_blocked import ImageBlocked, Remedy

A = "image0000.png"


@pytest.fixture
def panel(annotator, qtbot):
    panel = BlockedPanel(annotator.work)
    qtbot.addWidget(panel)
    return panel


def test_it_is_there_only_while_an_image_is_blocked(panel, annotator):
    assert panel.isHidden()
    annotator.state.blocked = ImageBlocked(A, "The mask is damaged.", (Remedy.START_OVER,))
    assert not panel.isHidden()
    assert panel.title.text() == A
    assert "The mask is damaged. Nothing was changed." in panel.reason.text()
    annotator.state.blocked = None
    assert panel.isHidden()


@pytest.mark.parametrize("remedies", [(), (Remedy.KEEP_MASK, Remedy.START_OVER), tuple(Remedy)])
def test_only_what_helps_is_offered(panel, annotator, remedies):
    annotator.state.blocked = ImageBlocked(A, "Why.", remedies)
    assert {remedy for remedy, button in panel.buttons.items() if button.isVisibleTo(panel)} == set(remedies)
    assert all(button.isEnabled() and button.toolTip() for button in panel.buttons.values())


def test_a_button_does_what_it_says(panel, annotator, monkeypatch):
    asked = []
    monkeypatch.setattr(annotator.work, "resolve", asked.append)
    annotator.state.blocked = ImageBlocked(A, "Why.", tuple(Remedy))
    for button in panel.buttons.values():
        button.click()
    assert asked == list(panel.buttons)

import itertools
import re
from html import unescape

import pytest
from qtpy.QtWidgets import QDialogButtonBox, QLabel, QScrollArea, QWidget

from napari_cliptrase.plugin.tools.keys import ACTIONS
from napari_cliptrase.plugin.widgets.cheat_sheet import CheatSheet, sheet_html


def cells(html: str) -> list[str]:
    return [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td.*?</td>", html)]


def test_the_sheet_has_each_tool_once_with_all_its_keys():
    shown = cells(sheet_html())
    for place in {action.where for action in ACTIONS}:
        assert shown.count(place) == 1
    assert len(shown) == 2 * len(ACTIONS) + len({action.where for action in ACTIONS})
    for action in ACTIONS:
        assert any(pair == (action.keys, action.does) for pair in itertools.pairwise(shown))


@pytest.fixture
def sheet(qtbot):
    dock = QWidget()  # it deletes the sheet where nobody closed it
    qtbot.addWidget(dock)
    sheet = CheatSheet(dock)
    sheet.show()
    yield sheet
    dock.close()


def test_the_window_shows_the_keys_without_scrolling_sideways_and_leaves_the_rest_usable(sheet):
    label = sheet.findChild(QLabel)
    assert "Backspace" in label.text()
    assert label.width() <= sheet.findChild(QScrollArea).viewport().width()
    assert not sheet.isModal()


def test_close_closes_it(sheet, qtbot):
    button = sheet.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close)
    with qtbot.waitSignal(sheet.destroyed):
        button.click()

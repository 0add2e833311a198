from pathlib import Path

from napari_cliptrase.plugin.tools.keys import ACTIONS, by_place
from napari_cliptrase.plugin.widgets.cheat_sheet import CheatSheet, sheet_html

PAGE = Path(__file__).parents[3] / "docs" / "keys.md"
NAPARI_KEYS = {"1", "2", "3", "4", "5", "6", "7", "B", "E", "F", "L", "M", "P", "V", "X", "Z", "Control-Z"}


def test_the_documentation_lists_the_same_keys():
    tables = []
    for place, actions in by_place():
        rows = "\n".join(f"| {action.keys} | {action.does} |" for action in actions)
        tables.append(f"## {place}\n\n| Press | What it does |\n|---|---|\n{rows}\n")
    assert PAGE.read_text(encoding="utf-8").endswith("\n".join(tables))


def test_the_cheat_sheet_lists_every_action(qtbot):
    text = sheet_html()
    assert all(action.does in text and action.keys in text for action in ACTIONS)
    sheet = CheatSheet()
    qtbot.addWidget(sheet)
    sheet.show()
    assert sheet.width() < 700


def test_none_of_napari_own_keys_is_taken():
    assert not {action.binding for action in ACTIONS} & NAPARI_KEYS

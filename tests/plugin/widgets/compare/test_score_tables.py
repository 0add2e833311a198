import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cliptrase.evaluate.label_comparison import NamedLabels, compare_labels_steps
from napari_cliptrase.plugin.widgets.compare.score_tables import ScoreTable, class_lines, mistake_lines
from napari_cliptrase.progress import run_to_end


@pytest.fixture
def comparison():
    truth = np.ones((40, 40), np.uint8)
    truth[:, 20:] = 2
    found = truth.copy()
    found[:30, 20:] = 1
    names = {1: "sky", 2: "sea"}
    return run_to_end(compare_labels_steps(NamedLabels(truth, names), NamedLabels(found, names)))


def test_the_worst_class_comes_first_with_its_figures(comparison):
    assert [line[:2] + line[3:] for line in class_lines(comparison)] == [
        ("sea", "25.0 %", "800"),
        ("sky", "57.1 %", "800"),
    ]
    assert mistake_lines(comparison) == [("sea", "sky", "600", "75.0 %")]


def test_a_click_says_which_line_was_meant_and_filling_says_nothing(qtbot):
    table = ScoreTable((("truth", "a"), ("taken for", "b"), ("pixels", "c")), 2)
    qtbot.addWidget(table)
    chosen = []
    table.chosen.connect(chosen.append)
    table.fill([("sea", "sky", "3"), ("sky", "sea", "1")])
    assert chosen == []
    assert table.rowCount() == 2
    table.show()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualItemRect(table.item(1, 0)).center())
    assert set(chosen) == {("sky", "sea")}
    table.fill([("cat", "dog", "3")])
    assert set(chosen) == {("sky", "sea")}

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.docks import CompareWithTruth
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.layers.placement import camera_of
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.widgets.compare.compare_dock import COMPARE_JOB, ERROR_COLOR, NOTHING_TO_COMPARE
from napari_cliptrase.plugin.workbench import workbench_of

PATIENCE = 60_000
TRUTH = np.full((60, 80), 1, np.uint8)
TRUTH[20:44, 20:44] = 2
FOUND = np.full((60, 80), 1, np.uint8)
FOUND[20:44, 20:34] = 2
FOUND[50:53, 60:63] = 2


class Desk:
    """A viewer with a result, the truth beside it, and the dock."""

    def __init__(self, qtbot):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((60, 80, 3), np.uint8), rgb=True, name="scene")
        self.bench = workbench_of(self.viewer)
        self.bench.session.image = self.image
        self.bench.session.prompts = PromptSet.parse("field\nsquare")
        target = plane_source_of(self.viewer, self.image, self.bench.session.version_of(self.image)).target
        self.bench.layers.write(PlaneResult(target, FOUND, self.bench.session.prompts.table(), {}))
        self.viewer.add_labels(TRUTH, name="truth")
        self.dock = CompareWithTruth(self.viewer)
        qtbot.addWidget(self.dock)
        self.dock.show()

    def compare(self):
        self.dock.compare.click()
        self.qtbot.waitUntil(lambda: not self.bench.jobs.running(COMPARE_JOB), timeout=PATIENCE)
        self.qtbot.waitUntil(lambda: "Comparing" not in self.dock.message.text(), timeout=PATIENCE)

    def errors(self):
        return next((layer for layer in self.viewer.layers if layer.name == "Errors"), None)

    def shown(self):
        return self.errors().data[..., 3] == ERROR_COLOR[3]


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    yield desk
    desk.dock.hide()


def cells(table):
    return [
        [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


def test_the_truth_and_the_classes_are_chosen_at_first_and_compared(desk):
    assert (desk.dock.truth.currentText(), desk.dock.found.currentText()) == ("truth", "Classes of scene")
    desk.compare()
    wrong = int((TRUTH != FOUND).sum())
    assert f"{wrong} are wrong" in desk.dock.message.text()
    iou = 100 * (24 * 14) / (24 * 24 + 9)
    assert cells(desk.dock.by_class)[0][:2] == ["square", f"{iou:.1f} %"]
    assert cells(desk.dock.by_mistake)[0][:3] == ["square", "field", "240"]
    assert np.array_equal(desk.shown(), TRUTH != FOUND)


def test_a_click_on_a_mistake_goes_to_it_and_shows_it_alone(desk):
    desk.compare()
    desk.dock.by_mistake.cellClicked.emit(1, 0)  # field taken for square: the small patch
    assert tuple(camera_of(desk.viewer).center[-2:]) == (51, 61)
    assert np.array_equal(desk.shown(), (TRUTH == 1) & (FOUND == 2))
    desk.dock.worst.click()
    assert tuple(camera_of(desk.viewer).center[-2:]) == (31.5, 38.5)
    assert np.array_equal(desk.shown(), TRUTH != FOUND)


def test_errors_can_be_hidden_and_a_hidden_dock_shows_none(desk):
    desk.compare()
    desk.dock.show_errors.setChecked(False)
    assert desk.errors() is None
    desk.dock.show_errors.setChecked(True)
    assert desk.errors() is not None
    desk.dock.hide()
    assert desk.errors() is None


def test_figures_of_labels_that_have_changed_are_taken_away(desk):
    desk.compare()
    layer = desk.bench.layers.class_layers(desk.image)[1]
    layer.brush_size = 3
    layer.selected_label = 1
    layer.paint((5, 5), 0)
    assert "changed since" in desk.dock.message.text()
    assert not desk.dock.results.isVisible()
    assert desk.errors() is None


def test_what_cannot_be_compared_is_reported(qtbot, desk):
    desk.dock.found.setCurrentText("truth")
    assert not desk.dock.compare.isEnabled()
    assert "two different layers" in desk.dock.message.text()
    desk.viewer.add_labels(np.zeros((5, 5), np.uint8), name="small")
    desk.dock.found.setCurrentText("small")
    desk.dock.compare.click()
    assert "80 × 60 and 5 × 5 pixels" in desk.dock.message.text()
    empty = CompareWithTruth(ViewerModel())
    qtbot.addWidget(empty)
    assert empty.message.text() == NOTHING_TO_COMPARE


def test_a_truth_without_any_label_says_that_nothing_is_scored(desk):
    desk.viewer.layers["truth"].data = np.zeros_like(TRUTH)
    desk.dock.skip_zero.setChecked(True)
    desk.compare()
    assert "No pixel of the truth is scored" in desk.dock.message.text()
    assert not desk.dock.results.isVisible()

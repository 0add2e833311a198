from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow

from napari_cliptrase.plugin.docks import ExplorePatches
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.widgets.explore import patch_view
from napari_cliptrase.plugin.widgets.explore.patch_maps import PatchMap
from napari_cliptrase.plugin.workbench import workbench_of

HEADS = 2


class Desk:
    """A viewer with an encoded image, the dock, and a mouse."""

    def __init__(self, qtbot, monkeypatch, make_encoding, largest=99, **place):
        self.asked = []
        self.make_encoding = make_encoding
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((40, 60, 3), np.uint8), rgb=True, name="scene", **place)
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.largest = largest

        def attention_of(model, rgb, encoding, settings, number, layer):
            self.asked.append((number, layer))
            count = 1 + encoding.plan.size[0] * encoding.plan.size[1]
            return np.stack([np.full((count, count), float(head)) for head in range(HEADS)])

        monkeypatch.setattr(patch_view, "attention_of", attention_of)
        blocks = [SimpleNamespace(heads=HEADS)] * 3
        self.session.model = SimpleNamespace(vision=SimpleNamespace(blocks=blocks))
        self.dock = ExplorePatches(self.viewer)
        qtbot.addWidget(self.dock)
        self.dock.resize(400, 900)
        self.dock.show()
        self.qtbot = qtbot

    def encode(self):
        source = plane_source_of(self.viewer, self.image, self.session.version_of(self.image))
        encoding = self.make_encoding((40, 60), (4, 6), self.largest, self.session.settings.encode_key())
        self.session.encoded = Encoded(source, np.zeros((40, 60, 3), np.uint8), encoding, "fake")
        self.wait()
        return encoding

    def wait(self):
        self.qtbot.waitUntil(lambda: self.dock.map_of(PatchMap.ATTENTION) is not None, timeout=60_000)

    def event(self, kind, row, column, button=None):
        position = tuple(self.image.data_to_world((row, column)))
        event = SimpleNamespace(
            type=kind, position=position, pos=(5, 5), modifiers=(), button=button, is_dragging=False, handled=False
        )
        return ReadOnlyWrapper(event, exceptions=("handled",))

    def hover(self, row, column):
        mouse_move_callbacks(self.viewer, self.event("mouse_move", row, column))

    def click(self, row, column):
        mouse_press_callbacks(self.viewer, self.event("mouse_press", row, column, 1))
        mouse_release_callbacks(self.viewer, self.event("mouse_release", row, column, 1))

    def overlay(self):
        return next((layer for layer in self.viewer.layers if layer.name == "Explored patch"), None)


@pytest.fixture
def desk(qtbot, monkeypatch, make_encoding):
    desk = Desk(qtbot, monkeypatch, make_encoding)
    yield desk
    desk.dock.hide()


def test_before_a_run_the_dock_says_what_to_do(desk):
    assert "Segment by text" in desk.dock.where.text()


def test_the_maps_are_those_of_the_patch_under_the_cursor(desk):
    encoding = desk.encode()
    desk.hover(25, 41)  # 40 x 60 pixels over 4 x 6 patches: row 2, column 4
    correlation = encoding.windows[0].correlation
    index = 2 * 6 + 4
    np.testing.assert_array_equal(desk.dock.map_of(PatchMap.RECOVERED).ravel(), correlation[1 + index, 1:])
    np.testing.assert_array_equal(desk.dock.map_of(PatchMap.CLS).ravel(), correlation[0, 1:])
    assert "Patch 3, 5 of 4 × 6" in desk.dock.where.text()
    assert "region 1, 23 patches" in desk.dock.where.text()


def test_a_patch_in_no_region_is_reported_to_be_in_none(desk):
    desk.encode()
    desk.hover(2, 2)
    assert "in no region" in desk.dock.where.text()


@pytest.mark.parametrize("place", [{"scale": (2, 0.5), "rotate": 30}, {"shear": [0.5], "translate": (5, 7)}])
def test_the_patch_is_found_on_a_turned_image(qtbot, monkeypatch, make_encoding, place):
    desk = Desk(qtbot, monkeypatch, make_encoding, **place)
    desk.encode()
    desk.hover(25, 41)
    assert "Patch 3, 5" in desk.dock.where.text()
    desk.dock.hide()


def test_pointing_at_a_map_looks_at_that_patch(desk):
    desk.encode()
    desk.dock.panels[PatchMap.CLS].pointed.emit(1, 2)
    assert "Patch 2, 3" in desk.dock.where.text()


def test_a_click_holds_the_patch_and_another_lets_go(desk):
    desk.encode()
    desk.click(25, 41)
    desk.hover(2, 2)
    assert "Patch 3, 5" in desk.dock.where.text()
    desk.click(2, 2)
    desk.hover(35, 55)
    assert "Patch 4, 6" in desk.dock.where.text()


def test_painting_does_not_hold_a_patch(desk):
    desk.encode()
    layer = desk.viewer.add_labels(np.zeros((40, 60), int))
    layer.mode = "paint"
    mouse_press_callbacks(desk.viewer, desk.event("mouse_press", 25, 41, 1))
    mouse_release_callbacks(desk.viewer, desk.event("mouse_release", 25, 41, 1))
    desk.hover(35, 55)
    assert "Patch 4, 6" in desk.dock.where.text()


def test_another_layer_and_head_of_the_attention(desk):
    desk.encode()
    assert desk.asked == [(0, 2)]
    np.testing.assert_array_equal(desk.dock.map_of(PatchMap.ATTENTION), np.full((4, 6), 0.5))
    desk.dock.head.setCurrentIndex(2)
    np.testing.assert_array_equal(desk.dock.map_of(PatchMap.ATTENTION), np.ones((4, 6)))
    desk.dock.layer.setCurrentIndex(0)
    desk.wait()
    assert desk.asked[-1] == (0, 0)


def test_the_window_under_the_cursor_of_a_large_image(qtbot, monkeypatch, make_encoding):
    desk = Desk(qtbot, monkeypatch, make_encoding, largest=3)
    encoding = desk.encode()
    assert len(encoding.windows) == 4
    desk.hover(35, 55)
    desk.wait()
    correlation = encoding.windows[3].correlation
    np.testing.assert_array_equal(desk.dock.map_of(PatchMap.CLS).ravel(), correlation[0, 1:])
    assert desk.asked[-1][0] == 3
    desk.dock.hide()


def test_a_map_lies_over_the_pixels_it_is_about(desk):
    desk.encode()
    desk.hover(25, 41)
    desk.dock.overlay.setCurrentIndex(desk.dock.overlay.findData(str(PatchMap.RECOVERED)))
    layer = desk.overlay()
    assert layer.data.shape == (4, 6)
    np.testing.assert_allclose(desk.image.world_to_data(layer.data_to_world((2, 4))), (24.5, 44.5))
    values = layer.data.copy()
    desk.hover(2, 2)
    assert not np.array_equal(desk.overlay().data, values)


def test_a_click_on_a_map_shows_it_on_the_image_and_another_hides_it(desk):
    desk.encode()
    desk.dock.panels[PatchMap.REGIONS].picked.emit()
    assert desk.overlay().rgb
    assert desk.overlay().visible
    desk.dock.panels[PatchMap.REGIONS].picked.emit()
    assert not desk.overlay().visible


def test_changed_settings_are_reported_instead_of_a_wrong_attention(desk):
    desk.encode()
    desk.session.settings = desk.session.settings.paper(224)
    desk.dock.layer.setCurrentIndex(0)
    assert desk.dock.map_of(PatchMap.ATTENTION) is None
    assert desk.dock.map_of(PatchMap.RECOVERED) is not None


def test_hiding_the_dock_leaves_nothing_behind(desk):
    before = len(desk.viewer.mouse_move_callbacks)
    desk.encode()
    desk.dock.panels[PatchMap.REGIONS].picked.emit()
    desk.dock.hide()
    assert desk.overlay() is None
    assert len(desk.viewer.mouse_move_callbacks) == before - 1


def test_behind_a_tab_it_leaves_nothing_on_the_canvas_and_listens_to_nobody(desk, qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    frames = [QDockWidget(title, window) for title in ("Explore patches", "Other")]
    frames[0].setWidget(desk.dock)
    frames[1].setWidget(QLabel("something else"))
    for frame in frames:
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, frame)
    window.tabifyDockWidget(*frames)
    window.show()
    frames[0].raise_()
    qtbot.waitUntil(lambda: desk.dock.listening)
    desk.encode()
    desk.hover(25, 41)
    desk.dock.panels[PatchMap.RECOVERED].picked.emit()
    assert desk.overlay().visible
    frames[1].raise_()
    qtbot.waitUntil(lambda: desk.overlay() is None)
    desk.hover(2, 2)
    assert "Patch 3, 5" in desk.dock.where.text()
    frames[0].raise_()
    qtbot.waitUntil(lambda: desk.overlay() is not None and desk.overlay().visible)
    desk.hover(2, 2)
    assert "Patch 1, 1" in desk.dock.where.text()
    desk.dock.setParent(None)  # the window would take it along


def test_a_click_of_the_region_tool_does_not_hold_a_patch(desk):
    desk.encode()
    desk.workbench.region_tool.on = True
    desk.click(25, 41)
    desk.hover(35, 55)
    assert "Patch 4, 6" in desk.dock.where.text()


def test_the_maps_go_with_their_image(desk):
    desk.encode()
    desk.dock.panels[PatchMap.REGIONS].picked.emit()
    desk.viewer.layers.remove(desk.image)
    assert desk.overlay() is None
    assert desk.dock.map_of(PatchMap.REGIONS) is None
    assert "Segment by text" in desk.dock.where.text()


def test_the_dock_fits_a_narrow_window(desk):
    desk.encode()
    assert desk.dock.minimumSizeHint().width() <= 300

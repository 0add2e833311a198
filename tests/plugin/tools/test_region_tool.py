from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.interactions import mouse_move_callbacks
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Encoded
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.workbench import workbench_of

REGIONS = np.zeros((40, 60), np.int32)
REGIONS[:20, 30:] = 1
REGIONS[20:, :30] = 1
PLACES = [
    {},
    {"scale": (2.0, 0.5), "rotate": 30, "translate": (7.0, -3.0)},
    {"scale": (0.3, 0.5), "shear": [0.4], "affine": np.array([[0.8, -0.6, 3], [0.6, 0.8, -2], [0, 0, 1]])},
]


class Desk:
    """A viewer with an encoded image, and a mouse."""

    def __init__(self, qtbot, mouse_over, place=None, shape=(40, 60), regions=REGIONS):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((*shape, 3), np.uint8), name="scene", rgb=True, **(place or {}))
        self.mouse = mouse_over(self.viewer, self.image)
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog")
        self.encode(regions)
        self.tool = self.workbench.region_tool

    def encode(self, regions):
        source = plane_source_of(self.viewer, self.image, self.session.version_of(self.image))
        encoding = SimpleNamespace(region_map=lambda: regions)
        self.session.encoded = Encoded(source, None, encoding, "fake")

    def start(self):
        self.tool.set_on(True)
        self.qtbot.waitUntil(lambda: self.tool.part_at(self.image.data_to_world((1, 1))) is not None, timeout=60_000)

    def click(self, row, column, *, drift=0, **how):
        self.mouse.press(row, column, **how)
        if drift:
            self.mouse.move(row, column, pos=(5 + drift, 5), **how)
        self.mouse.release(row, column, **how)

    def labels(self):
        return self.workbench.layers.combined(self.session.encoded.source.target)[0]

    def highlight(self):
        return next((layer for layer in self.viewer.layers if layer.name == "Region under the cursor"), None)

    def run(self, labels, **how):
        target = self.session.encoded.source.target
        self.workbench.layers.write(PlaneResult(target, labels, self.session.prompts.table()), **how)


@pytest.fixture
def desk(qtbot, mouse_over):
    desk = Desk(qtbot, mouse_over)
    yield desk
    desk.tool.set_on(False)


@pytest.mark.parametrize("place", PLACES)
def test_the_part_under_the_cursor_lights_up_where_it_is(qtbot, mouse_over, place):
    desk = Desk(qtbot, mouse_over, place)
    desk.start()
    desk.mouse.hover(5, 45)
    lit = desk.highlight()
    assert lit.visible
    assert lit.data[..., 3].all()
    np.testing.assert_allclose(desk.image.world_to_data(lit.data_to_world((0, 0))), (0, 30), atol=1e-6)
    np.testing.assert_allclose(desk.image.world_to_data(lit.data_to_world((19, 29))), (19, 59), atol=1e-6)


def test_the_highlight_goes_away_outside_the_image(desk):
    desk.start()
    desk.mouse.hover(5, 45)
    desk.mouse.hover(-5, 45)
    assert not desk.highlight().visible


def test_moving_within_a_part_does_no_work(desk):
    desk.start()
    desk.mouse.hover(5, 45)
    redrawn = []
    desk.highlight().events.set_data.connect(lambda event: redrawn.append(event))
    desk.mouse.hover(6, 46)
    assert not redrawn
    desk.mouse.hover(25, 46)
    assert redrawn


def test_a_click_gives_the_part_to_the_active_class_and_undo_takes_it_back(desk):
    desk.start()
    desk.session.active_class = 2
    desk.click(5, 45)
    expected = np.zeros((40, 60), int)
    expected[:20, 30:] = 2
    np.testing.assert_array_equal(desk.labels(), expected)
    desk.workbench.layers.class_layers(desk.image)[2].undo()
    assert not desk.labels().any()


def test_shift_click_gives_the_part_to_the_background(desk):
    desk.run(np.ones((40, 60), np.uint8))
    desk.start()
    desk.click(25, 5, modifiers=("Shift",))
    assert not desk.labels()[20:, :30].any()
    assert desk.labels()[:20].all()


def test_a_region_moves_from_one_class_to_another_and_back_with_one_undo(desk):
    before = np.ones((40, 60), np.uint8)
    before[:, 30:] = 2
    desk.run(before)
    desk.start()
    desk.session.active_class = 2
    desk.click(25, 5)
    assert (desk.labels()[20:, :30] == 2).all()
    desk.workbench.layers.class_layers(desk.image)[2].undo()
    np.testing.assert_array_equal(desk.labels(), before)


def test_the_combined_layer_takes_the_region_too(desk):
    desk.run(np.ones((40, 60), np.uint8), output=Output.COMBINED)
    desk.start()
    desk.session.active_class = 2
    desk.click(5, 45)
    combined = desk.workbench.layers.combined_layer(desk.image)
    assert (combined.data[:20, 30:] == 2).all()
    assert (combined.data[20:] == 1).all()


def test_a_given_region_survives_the_next_run(desk):
    desk.start()
    desk.session.active_class = 2
    desk.click(5, 45)
    desk.run(np.ones((40, 60), np.uint8), mode=MergeMode.KEEP_EDITS)
    assert (desk.labels()[:20, 30:] == 2).all()


def test_pixels_of_a_locked_class_stay(desk):
    before = np.zeros((40, 60), np.uint8)
    before[:10] = 1
    desk.run(before)
    desk.session.locked = frozenset({1})
    desk.start()
    desk.session.active_class = 2
    desk.click(15, 45)
    assert (desk.labels()[:10] == 1).all()
    assert (desk.labels()[10:20, 30:] == 2).all()


def test_giving_to_a_locked_class_is_refused_with_the_reason(desk):
    desk.session.locked = frozenset({1})
    desk.session.active_class = 1
    desk.start()
    desk.click(5, 45)
    assert "locked" in notification_manager.records[-1].message
    assert not desk.labels().any()


def test_dragging_pans_and_gives_nothing(desk):
    desk.start()
    desk.session.active_class = 2
    desk.click(5, 45, drift=30)
    desk.click(5, 45, button=2)
    assert not desk.labels().any()


def test_a_new_encoding_brings_new_regions(desk):
    desk.start()
    desk.encode(np.zeros((40, 60), np.int32))
    desk.qtbot.waitUntil(lambda: desk.tool.part_at(desk.image.data_to_world((1, 1))) is not None, timeout=60_000)
    assert desk.tool.part_at(desk.image.data_to_world((1, 1))).mask.shape == (40, 60)


def test_nothing_happens_after_the_image_went(desk):
    desk.start()
    desk.mouse.hover(5, 45)
    event = desk.mouse.event("mouse_move", 5, 45, button=None)
    desk.viewer.layers.remove(desk.image)
    mouse_move_callbacks(desk.viewer, event)
    assert not desk.highlight().visible


def test_switching_off_leaves_nothing_behind(desk):
    viewer = desk.viewer
    before = list(viewer.mouse_move_callbacks), list(viewer.mouse_drag_callbacks)
    desk.start()
    desk.mouse.hover(5, 45)
    desk.tool.set_on(False)
    assert desk.highlight() is None
    assert (viewer.mouse_move_callbacks, viewer.mouse_drag_callbacks) == before


def test_choosing_the_brush_ends_the_tool(desk):
    desk.run(np.ones((40, 60), np.uint8))
    layer = desk.workbench.layers.class_layers(desk.image)[1]
    desk.viewer.layers.selection.active = layer
    layer.mode = "paint"
    reported = []
    desk.tool.toggled.connect(reported.append)
    desk.start()
    assert layer.mode == "pan_zoom"
    layer.mode = "paint"
    assert reported == [True, False]
    assert layer.mode == "paint"


def test_deleting_the_highlight_is_no_problem(desk):
    desk.start()
    desk.mouse.hover(5, 45)
    desk.viewer.layers.remove(desk.highlight())
    desk.mouse.hover(25, 45)
    assert desk.highlight().visible


def test_only_the_plane_of_the_encoding_has_regions(qtbot):
    viewer = ViewerModel()
    image = viewer.add_layer(Image(np.zeros((3, 40, 60)), axis_labels=("z", "y", "x")))
    viewer.dims.set_point(0, 2)
    workbench = workbench_of(viewer)
    session = workbench.session
    session.prompts = PromptSet.parse("cat\ndog")
    source = plane_source_of(viewer, image, session.version_of(image))
    session.encoded = Encoded(source, None, SimpleNamespace(region_map=lambda: REGIONS), "fake")
    tool = workbench.region_tool
    tool.set_on(True)
    qtbot.waitUntil(lambda: tool.part_at((2, 1, 1)) is not None, timeout=60_000)
    assert tool.part_at((1, 1, 1)) is None
    tool.set_on(False)


def test_undo_after_shift_click_takes_that_click_back(desk):
    before = np.ones((40, 60), np.uint8)
    before[:, 30:] = 2
    desk.run(before)
    layers = desk.workbench.layers.class_layers(desk.image)
    desk.workbench.selection.show()
    desk.session.active_class = 2
    desk.start()
    desk.click(25, 5, modifiers=("Shift",))
    desk.qtbot.waitUntil(lambda: desk.workbench.selection.idle)
    assert desk.session.active_class == 2
    assert desk.viewer.layers.selection.active is layers[1]
    desk.viewer.layers.selection.active.undo()
    np.testing.assert_array_equal(desk.labels(), before)
    desk.click(25, 5)
    assert desk.viewer.layers.selection.active is layers[2]
    desk.viewer.layers.selection.active.undo()
    np.testing.assert_array_equal(desk.labels(), before)

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import KeymapHandler, coerce_keybinding
from napari.utils.shortcuts import default_shortcuts as DEFAULT_SHORTCUTS

import napari_cliptrase.refine.interactive as interactive
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.tools.sam_tool import SamTool
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.interactive import Preview

SHAPE = (40, 60)
PLACES = [{}, {"scale": (2.0, 0.5), "rotate": 30, "translate": (7.0, -3.0)}]


class FakeSam:
    """Clicks give squares of 7 pixels, boxes give themselves; what is clicked away loses a square."""

    def __init__(self, embedder, image):
        assert image.shape == (*SHAPE, 3)
        self.image = image
        self.steps = []
        self.part = None
        self.prepared = []

    def focus(self, rows, columns):
        self.part = (rows, columns)

    def embed_steps(self, row, column):
        yield Progress(0, 1, "Encoding for fake")
        self.prepared.append((row, column))

    @property
    def preview(self):
        if not self.steps:
            return None
        mask = np.zeros(SHAPE, bool)
        for top, left, bottom, right, inside in self.steps:
            mask[max(top, 0) : bottom, max(left, 0) : right] = inside
        return Preview(mask, slice(0, SHAPE[0]), slice(0, SHAPE[1]), 0.9, 0, 1)

    def click(self, row, column, inside=True):
        if not inside and not self.steps:
            raise CliptraseError("Click into the object first.")
        row, column = round(row), round(column)
        self.steps.append((row - 3, column - 3, row + 4, column + 4, inside))
        return self.preview

    def box(self, top, left, bottom, right):
        top, bottom = sorted((round(top), round(bottom)))
        left, right = sorted((round(left), round(right)))
        self.steps.append((top, left, bottom, right, True))
        return self.preview

    def next_choice(self):
        return self.preview

    def undo(self):
        self.steps.pop()
        return self.preview

    def clear(self):
        self.steps.clear()


class Desk:
    """A viewer with an image, two classes, and the tool with a made-up SAM."""

    def __init__(self, qtbot, monkeypatch, mouse_over, **place):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True, name="scene", **place)
        self.mouse = mouse_over(self.viewer, self.image)
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.session.image = self.image
        self.session.prompts = PromptSet.parse("cat\ndog")
        self.session.active_class = 2
        self.target = plane_source_of(self.viewer, self.image, self.session.version_of(self.image)).target
        self.sams = []
        self.messages = []

        def embedder_steps(sam):
            yield Progress(0, 0, "Loading")
            return "embedder"

        def made(embedder, image):
            self.sams.append(FakeSam(embedder, image))
            return self.sams[-1]

        self.runner = RefineRunner()
        monkeypatch.setattr(self.runner, "embedder_steps", embedder_steps)
        monkeypatch.setattr(interactive, "SamSession", made)
        self.tool = SamTool(
            self.session, self.workbench.layers, self.workbench.jobs, self.workbench.selection, self.runner
        )
        self.tool.message.connect(self.messages.append)

    def start(self):
        self.tool.start("demo")
        self.settle()

    def settle(self):
        self.qtbot.waitUntil(lambda: self.tool.idle and self.workbench.selection.idle, timeout=60_000)

    def click(self, row, column, **how):
        self.mouse.click(row, column, **how)
        self.settle()

    def drag(self, one, other):
        self.mouse.press(*one)
        self.mouse.move(*other, pos=(90, 90))
        self.mouse.release(*other, pos=(90, 90))
        self.settle()

    def press(self, key):
        layer = self.layer()
        layer.keymap[coerce_keybinding(key)](layer)
        self.settle()

    def layer(self, name="SAM: click on an object"):
        return next((layer for layer in self.viewer.layers if layer.name == name), None)

    def labels(self):
        return self.workbench.layers.combined(self.target)[0]


@pytest.fixture
def desk(qtbot, monkeypatch, mouse_over):
    desk = Desk(qtbot, monkeypatch, mouse_over)
    yield desk
    desk.tool.stop()


def square(row, column, value=2):
    labels = np.zeros(SHAPE, int)
    labels[row - 3 : row + 4, column - 3 : column + 4] = value
    return labels


@pytest.mark.parametrize("place", PLACES)
def test_a_click_shows_a_mask_and_enter_gives_it_to_the_class(qtbot, monkeypatch, mouse_over, place):
    desk = Desk(qtbot, monkeypatch, mouse_over, **place)
    desk.start()
    desk.click(10, 20)
    layer = desk.layer()
    assert layer.data.shape == (7, 7, 4)
    np.testing.assert_allclose(desk.image.world_to_data(layer.data_to_world((0, 0))), (7, 17), atol=1e-6)
    assert "Enter accepts" in desk.messages[-1]
    desk.press("Enter")
    np.testing.assert_array_equal(desk.labels(), square(10, 20))
    desk.tool.stop()


def test_ctrl_click_takes_away(desk):
    desk.start()
    desk.click(10, 20)
    desk.click(10, 23, modifiers=("Control",))
    desk.press("Enter")
    assert desk.labels()[10, 18] == 2
    assert desk.labels()[10, 22] == 0


def test_a_dragged_box(desk):
    desk.start()
    desk.drag((30, 50), (5, 10))
    assert desk.layer("SAM box") is not None
    desk.press("Enter")
    expected = np.zeros(SHAPE, int)
    expected[5:30, 10:50] = 2
    np.testing.assert_array_equal(desk.labels(), expected)
    assert desk.layer("SAM box") is None


def test_a_box_is_shown_while_it_is_dragged(desk):
    desk.start()
    desk.mouse.press(30, 50)
    desk.mouse.move(5, 10, pos=(90, 90))
    (corners,) = desk.layer("SAM box").data
    np.testing.assert_allclose(corners[[0, 2]], [(30, 50), (5, 10)])
    desk.mouse.release(5, 10, pos=(90, 90))
    desk.settle()


def test_a_layer_that_is_selected_because_it_was_written_does_not_end_the_tool(desk):
    desk.workbench.layers.written.connect(lambda _run: desk.workbench.selection.show())
    desk.start()
    desk.click(10, 20)
    desk.press("Enter")
    assert "Paused" not in desk.messages[-1]
    desk.click(30, 50)
    desk.press("Enter")
    np.testing.assert_array_equal(desk.labels(), np.maximum(square(10, 20), square(30, 50)))


def test_escape_drops_the_mask_and_changes_nothing(desk):
    desk.start()
    desk.click(10, 20)
    desk.press("Escape")
    assert not desk.layer().data[..., 3].any()
    assert desk.layer("SAM clicks") is None
    desk.press("Enter")
    assert not desk.labels().any()
    assert "no mask" in " ".join(desk.messages)


def test_backspace_takes_the_last_click_back(desk):
    desk.start()
    desk.click(10, 20)
    desk.click(30, 50)
    assert len(desk.layer("SAM clicks").data) == 2
    desk.press("Backspace")
    assert len(desk.layer("SAM clicks").data) == 1
    desk.press("Enter")
    np.testing.assert_array_equal(desk.labels(), square(10, 20))


def test_the_class_keeps_its_other_pixels_and_others_lose_theirs(desk):
    before = np.ones(SHAPE, np.uint8)
    before[30:] = 2
    desk.workbench.layers.write(PlaneResult(desk.target, before, desk.session.prompts.table()))
    desk.start()
    desk.click(10, 20)
    desk.press("Enter")
    expected = before.copy()
    expected[7:14, 17:24] = 2
    np.testing.assert_array_equal(desk.labels(), expected)


def test_one_undo_takes_an_accepted_mask_back(desk):
    before = np.ones(SHAPE, np.uint8)
    before[30:] = 2
    desk.workbench.layers.write(PlaneResult(desk.target, before, desk.session.prompts.table()))
    desk.start()
    desk.click(10, 20)
    desk.press("Enter")
    desk.workbench.layers.class_layers(desk.image)[2].undo()
    np.testing.assert_array_equal(desk.labels(), before)


def test_locked_classes_keep_their_pixels(desk):
    desk.workbench.layers.write(PlaneResult(desk.target, np.ones(SHAPE, np.uint8), desk.session.prompts.table()))
    desk.session.locked = frozenset({1})
    desk.start()
    desk.click(10, 20)
    desk.press("Enter")
    assert (desk.labels() == 1).all()


def test_clicks_made_while_the_image_is_encoded_are_not_lost(desk):
    desk.tool.start("demo")
    desk.tool.click(10, 20)
    desk.tool.click(10, 27)
    desk.settle()
    desk.press("Enter")
    assert desk.labels()[10, 17] == desk.labels()[10, 30] == 2


def test_an_impossible_click_is_explained_and_forgotten(desk):
    desk.start()
    desk.click(10, 20, modifiers=("Control",))
    assert "Click into the object first." in desk.messages
    assert desk.layer("SAM clicks") is None
    desk.click(10, 20)
    assert desk.layer().data[..., 3].any()


def test_enter_right_after_a_click_accepts_the_mask_with_that_click(desk):
    desk.start()
    desk.click(10, 20)
    desk.tool.click(30, 50)
    desk.tool.accept()
    assert "Still drawing" in desk.messages[-1]
    assert not desk.labels().any()
    desk.settle()
    np.testing.assert_array_equal(desk.labels(), np.maximum(square(10, 20), square(30, 50)))
    assert desk.layer("SAM clicks") is None


def test_clicks_after_enter_start_another_mask_and_the_class_is_the_one_of_enter(desk):
    desk.tool.start("demo")
    desk.tool.click(10, 20)
    desk.tool.accept()
    desk.tool.click(30, 50)
    desk.session.active_class = 1
    desk.settle()
    np.testing.assert_array_equal(desk.labels(), square(10, 20))
    np.testing.assert_array_equal(desk.layer("SAM clicks").data[:, -2:], [[30, 50]])
    desk.press("Enter")
    np.testing.assert_array_equal(desk.labels(), np.maximum(square(10, 20), square(30, 50, 1)))


def test_an_impossible_click_takes_no_other_with_it(desk):
    desk.tool.start("demo")
    desk.tool.click(30, 50, False)
    desk.tool.click(10, 20)
    desk.tool.click(10, 27)
    desk.settle()
    np.testing.assert_array_equal(desk.layer("SAM clicks").data[:, -2:], [[10, 20], [10, 27]])
    assert "Click into the object first. Quality" in desk.messages[-1]
    desk.press("Enter")
    assert desk.labels()[10, 17] == desk.labels()[10, 30] == 2
    desk.click(10, 20)
    assert "Click into" not in desk.messages[-1]


def test_looking_closer_starts_a_new_mask(desk):
    desk.start()
    desk.click(10, 20)
    desk.tool.look_closer()
    desk.settle()
    desk.click(30, 50)
    desk.press("Enter")
    np.testing.assert_array_equal(desk.labels(), square(30, 50))


def test_another_selected_layer_pauses_the_tool(desk):
    desk.start()
    desk.viewer.layers.selection.active = desk.image
    desk.settle()
    assert "Paused" in desk.messages[-1]
    desk.click(10, 20)
    assert not desk.sams[0].steps
    desk.viewer.layers.selection.active = desk.layer()
    desk.click(10, 20)
    assert desk.sams[0].steps


def test_choosing_another_class_stays_in_the_tool(desk):
    desk.workbench.layers.write(PlaneResult(desk.target, np.ones(SHAPE, np.uint8), desk.session.prompts.table()))
    desk.start()
    desk.click(10, 20)
    desk.session.active_class = 1
    desk.viewer.layers.selection.active = desk.workbench.layers.class_layers(desk.image)[1]  # as the class table does
    desk.settle()
    assert desk.viewer.layers.selection.active == desk.layer()
    color = desk.session.prompts.table().get(1).color
    assert tuple(desk.layer().data[3, 3, :3]) == color


def test_dragging_does_not_move_the_view_unless_space_is_held(desk):
    desk.start()
    layer = desk.layer()
    assert not layer.mouse_pan
    held = layer.keymap[coerce_keybinding("Space")](layer)
    next(held)
    assert layer.mouse_pan
    desk.click(10, 20)
    assert not desk.sams[0].steps
    next(held, None)
    assert not layer.mouse_pan


def test_napari_keys_of_other_layers_stay_theirs(desk):
    labels = desk.viewer.add_labels(np.zeros(SHAPE, int))
    before = dict(labels.keymap), dict(desk.viewer.keymap), dict(type(desk.image).class_keymap)
    desk.start()
    assert (dict(labels.keymap), dict(desk.viewer.keymap), dict(type(desk.image).class_keymap)) == before
    assert not desk.image.keymap


def test_without_a_class_or_an_image_the_reason_is_said(desk):
    desk.session.prompts = PromptSet()
    with pytest.raises(CliptraseError, match="Select a class"):
        desk.tool.start("demo")
    desk.viewer.layers.clear()
    with pytest.raises(CliptraseError, match="no image"):
        desk.tool.start("demo")
    assert not desk.tool.on


def test_a_model_that_cannot_be_loaded_ends_the_tool_with_its_reason(desk, monkeypatch):
    def broken(sam):
        raise CliptraseError("The weights are damaged.")
        yield

    monkeypatch.setattr(desk.runner, "embedder_steps", broken)
    desk.tool.start("demo")
    desk.qtbot.waitUntil(lambda: not desk.tool.on, timeout=60_000)
    assert desk.messages[-1] == "The weights are damaged."
    assert desk.layer() is None


@pytest.mark.parametrize("what", ["image", "tool"])
def test_deleting_its_layer_or_image_ends_the_tool(desk, what):
    desk.start()
    desk.click(10, 20)
    desk.viewer.layers.remove(desk.image if what == "image" else desk.layer())
    assert not desk.tool.on
    assert desk.layer() is None
    assert desk.layer("SAM clicks") is None


def test_stopping_leaves_nothing_behind(desk):
    before = list(desk.viewer.layers), list(desk.viewer.mouse_drag_callbacks)
    desk.start()
    desk.click(10, 20)
    desk.tool.stop()
    assert (list(desk.viewer.layers), list(desk.viewer.mouse_drag_callbacks)) == before


def test_looking_closer_encodes_what_is_on_the_screen(desk):
    desk.start()
    desk.image.corner_pixels = np.array([[5, 10], [24, 39]])
    desk.tool.look_closer()
    desk.settle()
    assert desk.sams[0].part == (slice(5, 25), slice(10, 40))
    assert desk.sams[0].prepared[-1] == (15, 25)


def test_the_region_tool_and_this_one_do_not_answer_the_same_click(desk):
    region = desk.workbench.region_tool
    given = []
    desk.workbench.layers.written.connect(given.append)
    desk.start()
    region.set_on(True)
    desk.click(10, 20)
    assert not given
    region.set_on(False)


def test_another_plane_starts_again(qtbot, monkeypatch, mouse_over):
    desk = Desk(qtbot, monkeypatch, mouse_over)
    stack = desk.viewer.add_image(np.zeros((3, *SHAPE)), name="stack")
    desk.session.image = stack
    desk.start()
    assert len(desk.sams) == 1
    desk.viewer.dims.set_point(0, 2)
    desk.settle()
    assert len(desk.sams) == 2
    assert desk.tool.on
    desk.tool.stop()


def test_a_labels_layer_keeps_its_own_enter_and_escape_while_the_tool_is_on(desk):
    for action in ("napari:complete_polygon", "napari:reset_polygon"):
        for shortcut in DEFAULT_SHORTCUTS[action]:
            action_manager.bind_shortcut(action, shortcut)
    labels = desk.viewer.add_labels(np.zeros(SHAPE, np.uint8), name="mine")
    keys = KeymapHandler()
    keys.keymap_providers = [labels, desk.viewer]
    wanted = [coerce_keybinding(key) for key in ("Enter", "Escape")]
    before = [keys.active_keymap[key] for key in wanted]
    desk.start()
    desk.click(20, 20)
    desk.viewer.layers.selection.active = labels
    desk.settle()
    assert desk.tool.on
    assert [keys.active_keymap[key] for key in wanted] == before
    for key in ("Enter", "Escape"):
        keys.press_key(key)
    desk.settle()
    assert desk.sams[-1].preview is not None  # neither key was the tool's
    assert not desk.workbench.layers.class_layers(desk.image)


def test_selecting_the_layer_of_another_class_pauses_and_makes_it_active(desk):
    labels = np.ones(SHAPE, np.uint8)
    labels[:, 30:] = 2
    desk.workbench.layers.write(PlaneResult(desk.target, labels, desk.session.prompts.table()))
    desk.workbench.selection.show()
    desk.start()
    layer = desk.workbench.layers.class_layers(desk.image)[1]
    desk.viewer.layers.selection.active = layer
    desk.settle()
    assert desk.session.active_class == 1
    assert desk.viewer.layers.selection.active == layer
    assert "Paused" in desk.messages[-1]
    assert desk.tool.on

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_move_callbacks, mouse_press_callbacks, mouse_release_callbacks
from napari.utils.key_bindings import coerce_keybinding

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

DRAWN_SHAPE = (40, 60)


class Mouse:
    """A mouse at pixels (row, column) of an image; ``pos`` is where that is on the screen."""

    def __init__(self, viewer: ViewerModel, image: Image) -> None:
        self._viewer = viewer
        self._image = image

    def event(self, kind, row, column, *, pos=(5, 5), modifiers=(), button=1):
        event = SimpleNamespace(
            type=kind,
            position=tuple(self._image.data_to_world((row, column))),
            pos=pos,
            modifiers=modifiers,
            button=button,
            is_dragging=kind == "mouse_move" and button is not None,
            handled=False,
        )
        return ReadOnlyWrapper(event, exceptions=("handled",))

    def press(self, row, column, **how):
        mouse_press_callbacks(self._viewer, self.event("mouse_press", row, column, **how))

    def move(self, row, column, **how):
        mouse_move_callbacks(self._viewer, self.event("mouse_move", row, column, **how))

    def release(self, row, column, **how):
        mouse_release_callbacks(self._viewer, self.event("mouse_release", row, column, **how))

    def hover(self, row, column):
        self.move(row, column, button=None)

    def click(self, row, column, **how):
        self.press(row, column, **how)
        self.release(row, column, **how)


@pytest.fixture
def mouse_over():
    """Return what makes the mouse of a viewer over an image."""
    return Mouse


class FakeSam:
    """Clicks give squares of 7 pixels, boxes give themselves; what is clicked away loses a square."""

    def __init__(self, embedder, image):
        assert image.shape == (*DRAWN_SHAPE, 3)
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
        mask = np.zeros(DRAWN_SHAPE, bool)
        for top, left, bottom, right, inside in self.steps:
            mask[max(top, 0) : bottom, max(left, 0) : right] = inside
        return Preview(mask, slice(0, DRAWN_SHAPE[0]), slice(0, DRAWN_SHAPE[1]), 0.9, 0, 1)

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


class Drawing:
    """A viewer with an image, two classes, and the tool with a made-up SAM."""

    shape = DRAWN_SHAPE

    def __init__(self, qtbot, monkeypatch, mouse_over, **place):
        self.qtbot = qtbot
        self.viewer = ViewerModel()
        self.image = self.viewer.add_image(np.zeros((*DRAWN_SHAPE, 3), np.uint8), rgb=True, name="scene", **place)
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

    def write(self, labels):
        """Write labels as a run does."""
        self.workbench.layers.write(PlaneResult(self.target, labels, self.session.prompts.table()))

    def square(self, row, column, value=2):
        """Labels after a click at a pixel."""
        labels = np.zeros(self.shape, int)
        labels[row - 3 : row + 4, column - 3 : column + 4] = value
        return labels


@pytest.fixture
def make_drawing(qtbot, monkeypatch, mouse_over):
    """Return what makes a drawing; keyword arguments are the place of its image."""
    made = []

    def make(**place):
        made.append(Drawing(qtbot, monkeypatch, mouse_over, **place))
        return made[-1]

    yield make
    for drawing in made:
        drawing.tool.stop()


@pytest.fixture
def drawing(make_drawing):
    return make_drawing()

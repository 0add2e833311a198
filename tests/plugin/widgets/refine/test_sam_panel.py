import pytest
from psygnal import Signal

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run.jobs import Job
from napari_cliptrase.plugin.widgets.refine.sam_panel import SAM_HINT, SamPanel
from napari_cliptrase.plugin.widgets.refine.sam_picker import SamPicker
from napari_cliptrase.progress import Progress


class FakeTool:
    """Takes down what is asked of it, and starts unless it has a reason not to."""

    toggled = Signal(bool)
    message = Signal(str)
    busy = Signal(object)

    def __init__(self):
        self.on = False
        self.asked = []
        self.reason = ""

    def start(self, sam):
        if self.reason:
            raise CliptraseError(self.reason)
        self.asked.append(("start", sam))
        self.on = True
        self.toggled.emit(True)

    def stop(self):
        self.asked.append("stop")
        self.on = False
        self.toggled.emit(False)

    def look_closer(self):
        self.asked.append("closer")

    def accept(self):
        self.asked.append("accept")

    def drop(self):
        self.asked.append("drop")


@pytest.fixture
def tool():
    return FakeTool()


@pytest.fixture
def panel(qtbot, tool):
    picker = SamPicker()
    qtbot.addWidget(picker)
    panel = SamPanel(tool, picker)
    panel.picker = picker
    qtbot.addWidget(panel)
    panel.show()
    return panel


def buttons(panel):
    return [button.isEnabled() for button in (panel.closer, panel.accept, panel.drop)]


def test_the_button_starts_and_ends_the_tool_with_the_chosen_model(panel, tool):
    assert buttons(panel) == [False] * 3
    panel.button.click()
    assert tool.asked == [("start", "demo")]
    assert buttons(panel) == [True] * 3
    panel.closer.click()
    panel.accept.click()
    panel.drop.click()
    panel.button.click()
    assert tool.asked[1:] == ["closer", "accept", "drop", "stop"]
    assert buttons(panel) == [False] * 3


def test_why_it_cannot_start_is_reported_and_the_button_springs_back(panel, tool):
    tool.reason = "There is no image: open one first."
    panel.button.click()
    assert panel.message.text() == "There is no image: open one first."
    assert not panel.button.isChecked()


def test_the_button_follows_a_tool_that_ends_by_itself(panel, tool):
    panel.button.click()
    tool.stop()
    assert not panel.button.isChecked()
    assert tool.asked.count("stop") == 1


def test_another_model_is_used_at_once_while_the_tool_is_on(panel, tool):
    panel.picker.setCurrentIndex(panel.picker.findData("vit_b"))
    assert tool.asked == []
    panel.button.click()
    panel.picker.setCurrentIndex(panel.picker.findData("demo"))
    assert tool.asked == [("start", "vit_b"), ("start", "demo")]


def test_what_the_tool_says_is_shown_and_else_how_it_works(panel, tool):
    assert panel.message.text() == SAM_HINT
    tool.message.emit("Quality 0.93. Enter accepts, Esc drops.")
    assert panel.message.text() == "Quality 0.93. Enter accepts, Esc drops."
    tool.message.emit("")
    assert panel.message.text() == SAM_HINT


def test_work_is_shown_as_a_bar_and_in_words(panel, tool):
    assert not panel.bar.isVisible()
    job = Job("SAM", "sam")
    tool.busy.emit(job)
    assert panel.bar.isVisible()
    assert panel.bar.maximum() == 0  # moves without end: nobody knows how long
    job.progressed.emit(Progress(1, 4, "Encoding the image"))
    assert (panel.bar.value(), panel.bar.maximum()) == (1, 4)
    assert panel.message.text() == "Encoding the image …"
    tool.busy.emit(None)
    assert not panel.bar.isVisible()


def test_a_quick_answer_does_not_overwrite_what_is_said(panel, tool):
    tool.message.emit("Quality 0.93.")
    job = Job("SAM", "sam")
    tool.busy.emit(job)
    job.progressed.emit(Progress(0, 1, "Drawing the mask"))
    assert panel.message.text() == "Quality 0.93."

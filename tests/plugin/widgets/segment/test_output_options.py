import pytest

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import Extra
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.widgets.segment.output_options import OutputOptions


@pytest.fixture
def options(images, qtbot):
    options = OutputOptions(images.session)
    qtbot.addWidget(options)
    return options


def pick(combo, title):
    row = combo.findText(title)
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


@pytest.mark.parametrize(
    ("title", "output"),
    [
        ("One layer per class", Output.CLASSES),
        ("One layer for all classes", Output.COMBINED),
        ("Both", Output.BOTH),
    ],
)
def test_the_layers_of_a_run_reach_the_session(images, options, title, output):
    pick(options.output, title)
    assert images.session.output is output


@pytest.mark.parametrize(
    ("title", "mode"),
    [
        ("Keep hand edits", MergeMode.KEEP_EDITS),
        ("Fill empty pixels only", MergeMode.FILL_EMPTY),
        ("Replace everything", MergeMode.REPLACE),
    ],
)
def test_what_a_run_may_overwrite_reaches_the_session(images, options, title, mode):
    pick(options.mode, title)
    assert images.session.merge_mode is mode


def test_hand_edits_are_kept_unless_something_else_was_chosen_before(images, options, qtbot):
    assert (options.output.value, options.mode.value) == (Output.CLASSES, MergeMode.KEEP_EDITS)
    images.session.output, images.session.merge_mode = Output.BOTH, MergeMode.REPLACE
    again = OutputOptions(images.session)
    qtbot.addWidget(again)
    assert (again.output.value, again.mode.value) == (Output.BOTH, MergeMode.REPLACE)


def test_a_box_asks_for_its_layer_at_once(options):
    asked = []
    options.extras_chosen.connect(asked.append)
    options.margin.click()
    options.regions.click()
    options.margin.click()
    options.scores.click()
    assert asked == [{Extra.MARGIN}, {Extra.MARGIN, Extra.REGIONS}, {Extra.REGIONS}, {Extra.REGIONS, Extra.SCORES}]
    assert options.extras() == {Extra.REGIONS, Extra.SCORES}

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin import commands
from napari_cliptrase.plugin.docks import SegmentByText
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of


@pytest.fixture
def said():
    said = []

    def hear(notification):
        said.append(str(notification.message))

    notification_manager.notification_ready.connect(hear)
    yield said
    notification_manager.notification_ready.disconnect(hear)


@pytest.mark.parametrize("by", ["menu", "dock"])
def test_layers_that_go_and_what_is_said_of_it_do_not_meet_in_one_turn(qtbot, said, by):
    viewer = ViewerModel()
    bench = workbench_of(viewer)
    image = viewer.add_image(np.zeros((4, 4, 3), np.uint8), rgb=True)
    bench.session.image, bench.session.prompts = image, PromptSet.parse("cat\ndog")
    target = plane_source_of(viewer, image, 0).target
    labels = np.array([[1, 1, 2, 2]] * 4, np.uint8)
    bench.layers.write(PlaneResult(target, labels, bench.session.prompts.table()))
    assert len(viewer.layers) == 3
    if by == "menu":
        commands.undo_last_run(viewer)
    else:
        dock = SegmentByText(viewer)
        qtbot.addWidget(dock)
        dock.undo_last_run()
    assert len(viewer.layers) == 1
    assert said == []
    qtbot.waitUntil(lambda: said == ["Segment was undone."])

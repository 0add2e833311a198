from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.commands import next_uncertain
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.layers.placement import camera_of
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Segmented
from napari_cliptrase.plugin.tools.review import find_places
from napari_cliptrase.plugin.workbench import workbench_of


def uncertainty(shape=(100, 160)):
    values = np.full(shape, 0.1, np.float32)
    values[10:30, 100:120] = 0.9
    values[60:95, 20:55] = 0.8
    values[50, :] = 0.95  # a thin line along a boundary
    return values


def test_broad_places_come_weightiest_first_and_thin_lines_are_none():
    first, second = find_places(uncertainty())
    assert first.middle == (77, 37)
    assert second.middle == (19.5, 109.5)
    assert first.part.mask.shape == (35, 35)


def test_nothing_is_uncertain_where_the_model_was_sure():
    assert find_places(np.full((50, 50), 0.3, np.float32)) == ()


def test_a_large_image_gives_the_same_places():
    values = uncertainty()
    values[50] = 0.1
    large = np.kron(values, np.ones((30, 30), np.float32))
    (first, _), (small, _) = find_places(large), find_places(values)
    np.testing.assert_allclose(first.middle, np.multiply(small.middle, 30) + 14.5, atol=8)


class Desk:
    """A viewer with a result that has two uncertain places."""

    def __init__(self, **place):
        self.viewer = ViewerModel()
        shape = (3, 100, 160) if len(place.get("scale", ())) == 3 else (100, 160)
        self.image = self.viewer.add_image(np.zeros(shape), name="scene", **place)
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.source = plane_source_of(self.viewer, self.image, self.session.version_of(self.image))
        self.session.segmented = Segmented(self.source, SimpleNamespace(margin=uncertainty()), ())

    def go(self, qtbot):
        next_uncertain(self.viewer)
        qtbot.waitUntil(lambda: not self.workbench.jobs.running(), timeout=60_000)

    def looks_at(self):
        world = np.array(self.viewer.dims.point, float)
        world[list(self.viewer.dims.displayed)] = camera_of(self.viewer).center[-2:]
        return self.image.world_to_data(world)

    def lit(self):
        return [layer for layer in self.viewer.layers if layer.name == "Uncertain"]


@pytest.mark.parametrize("place", [{}, {"scale": (2.0, 0.5), "rotate": 30, "translate": (7.0, -3.0)}])
def test_the_view_goes_from_place_to_place(qtbot, place):
    desk = Desk(**place)
    desk.go(qtbot)
    np.testing.assert_allclose(desk.looks_at(), (77, 37), atol=1e-6)
    assert desk.lit()
    desk.go(qtbot)
    np.testing.assert_allclose(desk.looks_at(), (19.5, 109.5), atol=1e-6)
    desk.go(qtbot)
    assert "last uncertain place" in notification_manager.records[-1].message


def test_the_plane_of_the_result_comes_back(qtbot):
    desk = Desk(scale=(4.0, 1.0, 1.0))
    plane = desk.viewer.dims.current_step[0]
    desk.viewer.dims.set_current_step(0, 0 if plane else 2)
    desk.go(qtbot)
    assert desk.viewer.dims.current_step[0] == plane


def test_what_was_edited_by_hand_is_passed_over(qtbot):
    desk = Desk()
    session = desk.session
    session.prompts = PromptSet.parse("cat\ndog")
    desk.workbench.layers.write(PlaneResult(desk.source.target, np.ones((100, 160), np.uint8), session.prompts.table()))
    desk.workbench.layers.assign(desk.source.target, uncertainty() == np.float32(0.8), 2)
    desk.go(qtbot)
    np.testing.assert_allclose(desk.looks_at(), (19.5, 109.5), atol=1e-6)


def test_without_a_result_the_reason_is_reported():
    viewer = ViewerModel()
    next_uncertain(viewer)
    assert "run “Segment by text” first" in notification_manager.records[-1].message

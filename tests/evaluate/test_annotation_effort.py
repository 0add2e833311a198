import pytest

from napari_cliptrase.evaluate.annotation_effort import ActionKind, CostModel, Effort

COSTS = CostModel(look=1, choose=2, click=3, stroke=4, scribble_speed=10, brush_speed=5, longest_stroke=50)


def test_a_click_costs_more_where_another_class_is_chosen_first():
    assert COSTS.click_effort(ActionKind.SAM, new_class=False).seconds == 4
    again = COSTS.click_effort(ActionKind.SAM, new_class=True)
    assert (again.seconds, again.clicks, again.actions) == (6, 1, 1)


def test_a_long_way_of_the_brush_is_several_strokes():
    effort = COSTS.brush_effort(120, 700, new_class=False)
    assert effort.by_kind == {"brush": 3}
    assert effort.painted == 700
    assert effort.seconds == pytest.approx(1 + 3 * 4 + 120 / 5)


def test_efforts_add_up_kind_by_kind():
    scribble = COSTS.scribble_effort(20, new_class=False)
    total = scribble + COSTS.click_effort(ActionKind.REGION, new_class=True) + scribble
    assert total.by_kind == {"scribble": 2, "region": 1}
    assert (total.actions, total.clicks, total.stroke_length) == (3, 1, 40)
    assert (Effort() + total).record() == total.record()
    assert total.record()["actions"] == 3

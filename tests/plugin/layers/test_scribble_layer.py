import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.io.mask_sources import sources_in
from napari_cliptrase.plugin.layers.scribble_layer import ScribbleLayer
from napari_cliptrase.plugin.state.plane_source import plane_source_of

TABLE = ClassTable.from_names("cat", "dog")


@pytest.fixture(params=[(40, 60, 3), (5, 40, 60)])
def viewer(request):
    made = ViewerModel()
    made.add_image(np.zeros(request.param, np.uint8), rgb=request.param[-1] == 3, name="a", scale=(2, 2))
    return made


@pytest.fixture
def target(viewer):
    return plane_source_of(viewer, viewer.layers["a"], 0).target


def test_strokes_are_read_in_the_box_of_the_target_and_undone_by_napari(viewer, target):
    drawn, heard = ScribbleLayer(viewer.layers), []
    drawn.changed.connect(lambda: heard.append(True))
    layer = drawn.open(target, None, TABLE)
    where = np.zeros(target.shape, bool)
    where[3:5, 10:30] = True
    drawn.mark(2, where)
    assert np.array_equal(drawn.marks, np.where(where, 2, 0))
    layer.undo()
    assert not drawn.marks.any()
    layer.redo()
    assert np.array_equal(drawn.marks == 2, where)
    assert len(heard) >= 3


def test_the_brush_of_napari_paints_where_the_image_is(viewer, target):
    drawn = ScribbleLayer(viewer.layers)
    layer = drawn.open(target, None, TABLE)
    layer.selected_label = 1
    layer.brush_size = 4
    at = layer.world_to_data(viewer.layers["a"].data_to_world((*target.plane, 20, 30)))
    layer.paint(tuple(at), 1)
    rows, columns = np.nonzero(drawn.marks)
    assert (round(rows.mean()), round(columns.mean())) == (20, 30)


def test_marks_are_no_mask_that_is_exported(viewer, target):
    ScribbleLayer(viewer.layers).open(target, np.ones(target.shape, np.uint8), TABLE)
    assert sources_in(viewer.layers) == ()


def test_a_closed_layer_leaves_and_its_marks_come_back_when_they_are_given(viewer, target):
    drawn = ScribbleLayer(viewer.layers)
    marks = np.zeros(target.shape, np.uint8)
    marks[:7] = 1
    drawn.open(target, marks, TABLE)
    assert np.array_equal(drawn.marks, marks)
    drawn.close()
    assert drawn.layer is None
    assert drawn.marks is None
    assert [layer.name for layer in viewer.layers] == ["a"]

import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks.shape_canvas import ShapeCanvas

TABLE = ClassTable.from_names("cat", "dog")


def test_shapes_of_a_group_are_one_object():
    canvas = ShapeCanvas((1, 3), TABLE)
    for column, group in ((0, 5), (1, None), (2, 5)):
        canvas.add("cat", np.arange(3)[None] == column, group)
    mask = canvas.image("a")
    assert mask.labels.tolist() == [[1, 1, 1]]
    one, two, three = mask.instances[0].tolist()
    assert one == three != two


def test_one_object_per_class_needs_no_numbers():
    canvas = ShapeCanvas((1, 2), TABLE)
    canvas.add("cat", np.array([[True, True]]))
    canvas.add("dog", np.array([[False, True]]))
    mask = canvas.image("a")
    assert mask.labels.tolist() == [[1, 2]]
    assert mask.instances is None
    assert mask.overlapped == 1


def test_an_unlisted_label_is_an_error():
    with pytest.raises(ValueError, match="'bird'"):
        ShapeCanvas((1, 1), TABLE).add("bird", np.array([[True]]))

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.masks import shape_canvas
from napari_cliptrase.masks.pixel_runs import Order, mask_runs
from napari_cliptrase.masks.shape_canvas import ShapeCanvas, painted
from napari_cliptrase.progress import run_to_end

TABLE = ClassTable.from_names("cat", "dog")
SHAPES = st.lists(st.tuples(st.sampled_from([1, 2]), hnp.arrays(np.bool_, (3, 4))), max_size=6)


def add(canvas, class_id, inside, group=None):
    flat = np.array(inside, bool)
    canvas.add_runs(class_id, *mask_runs((flat.T if canvas.order is Order.COLUMNS else flat).reshape(-1)), group)


def test_shapes_of_a_group_are_one_object():
    canvas = ShapeCanvas((1, 3), TABLE)
    for column, group in ((0, 5), (1, None), (2, 5)):
        add(canvas, 1, np.arange(3)[None] == column, group)
    mask = canvas.image("a")
    assert mask.labels.tolist() == [[1, 1, 1]]
    one, two, three = mask.instances[0].tolist()
    assert one == three != two


def test_one_object_per_class_needs_no_numbers():
    canvas = ShapeCanvas((1, 2), TABLE)
    add(canvas, 1, [[True, True]])
    add(canvas, 2, [[False, True]])
    mask = canvas.image("a")
    assert mask.labels.tolist() == [[1, 2]]
    assert mask.instances is None
    assert mask.overlapped == 1


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("waiting", [1, 5, 1 << 16])
def test_shapes_that_wait_are_painted_as_if_they_were_painted_one_by_one(order, waiting, monkeypatch):
    monkeypatch.setattr(shape_canvas, "WAITING", waiting)

    @given(SHAPES)
    def check(shapes):
        canvas = ShapeCanvas((3, 4), TABLE, order=order)
        labels, contested = np.zeros((3, 4), int), np.zeros((3, 4), bool)
        numbers, several = np.zeros((3, 4), int), len({i for i, _ in shapes}) < len(shapes)
        for number, (class_id, inside) in enumerate(shapes, start=1):
            add(canvas, class_id, inside)
            contested |= inside & (labels != 0) & (labels != class_id)
            labels[inside] = class_id
            numbers[inside] = number
        mask = canvas.image("a")
        np.testing.assert_array_equal(mask.labels, labels)
        assert mask.overlapped == contested.sum()
        assert (mask.instances is not None) is several
        if several:
            np.testing.assert_array_equal(mask.instances, numbers)

    check()


@pytest.mark.parametrize("order", list(Order))
def test_rings_and_runs_lie_over_each_other_in_the_order_in_which_they_come(order):
    canvas = ShapeCanvas((2, 4), TABLE, order=order)
    add(canvas, 1, np.ones((2, 4)))
    canvas.add_rings(2, [np.array([(1, 0), (3, 0), (3, 1), (1, 1)])])
    add(canvas, 1, [[0, 0, 1, 0], [0, 0, 0, 0]])
    mask = canvas.image("a")
    assert mask.labels.tolist() == [[1, 2, 1, 1], [1, 1, 1, 1]]
    assert mask.overlapped == 2


def test_an_unlisted_label_is_an_error():
    canvas = ShapeCanvas((1, 1), TABLE)
    with pytest.raises(ValueError, match="'bird'"):
        canvas.id_of("bird")
    with pytest.raises(ValueError, match="class 3"):
        add(canvas, 3, [[True]])


@pytest.mark.parametrize(("shape", "says"), [((0, 5), "0 × 5"), ((-1, 5), "-1 × 5")])
def test_an_image_without_pixels_is_an_error(shape, says):
    with pytest.raises(ValueError, match=says):
        ShapeCanvas(shape, TABLE)


def test_an_image_beyond_the_memory_is_refused_before_anything_is_allocated():
    with pytest.raises(MemoryError, match=r"its 1,000,000,000 × 1,000,000,000 pixels need .* GB of memory"):
        ShapeCanvas((10**9, 10**9), TABLE)


def test_painting_many_shapes_says_how_far_it_has_come():
    reported = []
    seen = []
    run_to_end(painted(range(10_000), seen.append, "a"), reported.append)
    assert seen == list(range(10_000))
    assert [(p.done, p.total) for p in reported] == [(4096, 10_000), (8192, 10_000)]

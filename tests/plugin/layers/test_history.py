"""The history of bare layers: strokes as napari makes them, changes as `RunWriter` writes them."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_cliptrase.plugin.layers.baseline import PackedMask
from napari_cliptrase.plugin.layers.changes import BaselineChange, ChangeState, PlaneChange, Run
from napari_cliptrase.plugin.layers.history import History
from napari_cliptrase.plugin.state.geometry import LayerGeometry
from napari_cliptrase.plugin.state.tags import Role, Tag, set_tag

CAT, DOG = 1, 2
SHAPE = (4, 5)
GEOMETRY = LayerGeometry(SHAPE, 0, 1, {})
TOP, MIDDLE = (0, 0), (1, 2)


class Followed:
    """Layers whose history is kept, and those that it reported."""

    def __init__(self):
        self.changed = []
        self.history = History(self.changed.append)

    def layer(self, class_id=CAT, geometry=GEOMETRY):
        layer = Labels(np.zeros(geometry.shape, np.uint8))
        set_tag(layer, Tag(Role.CLASS, "image", "scene", str(layer.unique_id), class_id))
        self.history.watch(layer, geometry)
        return layer

    def write(self, layer, content, run=None, plane=()):
        """Write a plane as a result does, or with a linked run as a hand edit of a tool does."""
        history, geometry = self.history, self.history.geometry(layer)
        by_hand = run is not None and run.linked
        known, before = history.baseline(layer, geometry, plane), geometry.plane_of(layer.data, plane).copy()
        where = before != content
        stated = known.stated.unpacked()
        later = known.with_stated(stated | where) if by_hand else known.after_writing(content, stated, CAT)
        baseline = BaselineChange(plane, PackedMask.of(where), known, later)
        change = PlaneChange(layer, geometry, baseline, before[where], content[where], run=run)
        with history.writing(baseline, change), layer.block_history():
            layer.data_setitem(geometry.indices(plane, where), content[where])
        history.set_baseline(layer, plane, later)
        if run is not None:
            run.steps = [*run.steps, change]
        return change

    def edits(self, layer, plane=()):
        found = self.history.edits(layer, self.history.geometry(layer), plane)
        return [tuple(pixel) for pixel in np.argwhere(found).tolist()]


@pytest.fixture
def followed():
    return Followed()


def stroke(layer, *pixels, value=CAT):
    layer.data_setitem(tuple(np.array(axis) for axis in zip(*pixels, strict=True)), value)


def rows_of(class_id, rows):
    content = np.zeros(SHAPE, np.uint8)
    content[rows] = class_id
    return content


# -- strokes


def test_a_stroke_is_an_edit_until_it_is_undone(followed):
    layer = followed.layer()
    stroke(layer, TOP, MIDDLE)
    assert followed.edits(layer) == [TOP, MIDDLE]
    layer.undo()
    assert followed.edits(layer) == []
    layer.redo()
    assert followed.edits(layer) == [TOP, MIDDLE]


@pytest.mark.parametrize("value", [CAT, 0], ids=["affirmed", "erased"])
def test_what_is_affirmed_or_erased_in_a_result_is_an_edit(followed, value):
    layer = followed.layer()
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    assert followed.edits(layer) == []
    stroke(layer, TOP, value=value)
    assert followed.edits(layer) == [TOP]


def test_what_a_script_writes_is_an_edit_and_is_reported(followed):
    layer = followed.layer()
    layer.data[TOP] = CAT
    followed.changed.clear()
    layer.refresh()
    assert followed.edits(layer) == [TOP]
    assert followed.changed == [layer]


def test_labels_of_a_layer_that_is_not_followed_are_all_edits(followed):
    layer = Labels(rows_of(CAT, slice(0, 1)))
    assert followed.history.geometry(layer) is None
    assert followed.history.edits(layer, GEOMETRY, ()).sum() == SHAPE[1]


def test_a_stroke_through_several_planes_is_an_edit_in_each(followed):
    geometry = LayerGeometry((3, *SHAPE), 1, 2, {})
    layer = followed.layer(geometry=geometry)
    stroke(layer, (0, *TOP), (2, *MIDDLE))
    assert [followed.edits(layer, (plane,)) for plane in range(3)] == [[TOP], [], [MIDDLE]]


def test_a_stroke_that_is_broken_off_leaves_nothing(followed):
    layer = followed.layer()
    stroke(layer, MIDDLE)
    box = tuple(slice(0, size) for size in SHAPE)
    followed.history.touching(layer, box)
    followed.history.touched(layer, box, rows_of(CAT, slice(0, 1)) > 0)
    followed.history.aborted(layer)
    assert followed.edits(layer) == [MIDDLE]


def test_people_are_counted_and_we_are_not(followed):
    layer, history = followed.layer(), followed.history
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    assert history.statements == 0
    for act in (
        lambda: stroke(layer, TOP, value=0),
        lambda: stroke(layer, TOP, value=0),  # changes nothing, and is said all the same
        layer.undo,
        layer.redo,
        lambda: history.state(layer, (), rows_of(CAT, slice(0, 1)) > 0),
    ):
        before = history.statements
        act()
        assert history.statements > before
    before = history.statements
    with history.writing():
        layer.undo()
    assert history.statements == before


def test_everything_that_changes_a_layer_is_reported(followed):
    layer = followed.layer()
    for act in (
        lambda: stroke(layer, TOP),
        layer.undo,
        layer.redo,
        lambda: followed.write(layer, rows_of(CAT, slice(2))),
    ):
        followed.changed.clear()
        act()
        assert layer in followed.changed


# -- what becomes of a change that was written: all that History decides


def written_then(followed, *, linked=False):
    """Two layers with one change each of one run."""
    cat, dog, run = followed.layer(CAT), followed.layer(DOG), Run(1, "Segment", (), linked=linked)
    return (
        cat,
        dog,
        followed.write(cat, rows_of(CAT, slice(0, 2)), run),
        followed.write(dog, rows_of(DOG, slice(2, 4)), run),
    )


def undo(layer):
    layer.undo()


def redo(layer):
    layer.redo()


def paint(layer):
    stroke(layer, (3, 4))


def lock(layer):
    layer.editable = False
    layer.editable = True


WRITTEN, UNDONE, GONE = ChangeState


@pytest.mark.parametrize(
    ("linked", "acts", "mine", "other"),
    [
        (False, [], WRITTEN, WRITTEN),
        (False, [undo], UNDONE, WRITTEN),
        (False, [undo, redo], WRITTEN, WRITTEN),
        (False, [undo, paint], GONE, WRITTEN),
        (False, [undo, paint, undo, redo], GONE, WRITTEN),
        (False, [paint], WRITTEN, WRITTEN),
        (False, [paint, undo], WRITTEN, WRITTEN),
        (False, [paint, undo, undo], UNDONE, WRITTEN),
        (False, [lock, undo], WRITTEN, WRITTEN),
        (True, [undo], UNDONE, UNDONE),
        (True, [undo, redo], WRITTEN, WRITTEN),
        (True, [undo, paint], GONE, UNDONE),
        (True, [paint, undo], WRITTEN, WRITTEN),
        (True, [lock, undo], WRITTEN, WRITTEN),
    ],
)
def test_what_becomes_of_a_change_in_each_layer_of_a_run(followed, linked, acts, mine, other):
    cat, _dog, change, change_of_dog = written_then(followed, linked=linked)
    for act in acts:
        act(cat)
    assert (change.state, change_of_dog.state) == (mine, other)


def test_undo_of_a_hand_edit_takes_it_back_in_its_other_layers(followed):
    cat, dog, *_ = written_then(followed, linked=True)
    before = followed.history.statements
    cat.undo()
    assert followed.history.statements == before + 1  # one person, one Ctrl+Z
    assert not dog.data.any()
    assert followed.edits(dog) == []
    dog.redo()
    assert np.array_equal(cat.data, rows_of(CAT, slice(0, 2)))


def test_undo_of_a_hand_edit_keeps_what_was_painted_since_in_its_other_layer(followed):
    cat, dog, _, change_of_dog = written_then(followed, linked=True)
    stroke(dog, (2, 0), value=0)
    stroke(dog, TOP, value=DOG)
    cat.undo()
    assert change_of_dog.state is GONE
    assert np.argwhere(dog.data).tolist() == [list(TOP)]
    assert TOP in followed.edits(dog)


def test_undo_and_redo_of_a_result_leave_no_edits(followed):
    layer = followed.layer()
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    followed.write(layer, rows_of(CAT, slice(1, 3)))
    for act in (layer.undo, layer.undo, layer.redo, layer.redo):
        act()
        assert followed.edits(layer) == []


def test_painted_back_a_change_leaves_what_was_painted_since_and_what_is_to_be_kept(followed):
    layer = followed.layer()
    change = followed.write(layer, rows_of(CAT, slice(0, 2)))
    stroke(layer, TOP, value=0)
    followed.history.paint_back(change, keep=rows_of(CAT, slice(1, 2)) > 0)
    assert np.array_equal(layer.data, rows_of(CAT, slice(1, 2)))
    assert followed.edits(layer) == [TOP]
    layer.undo()
    expected = rows_of(CAT, slice(0, 2))
    expected[TOP] = 0
    assert np.array_equal(layer.data, expected)
    assert followed.edits(layer) == [TOP]


# -- what is asked of it


def test_is_last_says_whether_ctrl_z_would_undo_a_change(followed):
    layer = followed.layer()
    first = followed.write(layer, rows_of(CAT, slice(0, 2)))
    assert followed.history.is_last(first)
    second = followed.write(layer, rows_of(CAT, slice(1, 3)))
    assert (followed.history.is_last(first), followed.history.is_last(second)) == (False, True)
    stroke(layer, MIDDLE)  # holds the class already: states it without an undo step
    assert not followed.history.is_last(second)


def test_pristine_is_a_layer_to_which_nothing_happened(followed):
    layer = followed.layer()
    geometry = followed.history.geometry(layer)
    known = followed.history.baseline(layer, GEOMETRY, ())
    values = np.array([], np.uint8)
    change = PlaneChange(layer, geometry, BaselineChange((), PackedMask.empty(SHAPE), known, known), values, values)
    assert followed.history.pristine(change)
    stroke(layer, TOP)
    assert not followed.history.pristine(change)
    layer.undo()
    assert not followed.history.pristine(change)  # redo would bring the stroke back


def test_untouched_is_a_layer_that_holds_what_results_wrote(followed):
    layer = followed.layer()
    assert followed.history.untouched(layer)
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    assert followed.history.untouched(layer)
    stroke(layer, TOP, value=0)
    assert not followed.history.untouched(layer)
    layer.undo()
    assert followed.history.untouched(layer)


def test_labels_in_a_plane_that_no_one_wrote_to_make_a_layer_touched(followed):
    geometry = LayerGeometry((2, *SHAPE), 1, 2, {})
    layer = followed.layer(geometry=geometry)
    followed.write(layer, rows_of(CAT, slice(0, 2)), plane=(0,))
    assert followed.history.untouched(layer)
    layer.data[1, 0, 0] = CAT
    assert not followed.history.untouched(layer)


def test_is_stated_can_leave_out_what_was_stated_before(followed):
    layer = followed.layer()
    assert not followed.history.is_stated(layer)
    stroke(layer, TOP)
    assert followed.history.is_stated(layer)
    since = {(): followed.history.baseline(layer, GEOMETRY, ())}
    assert not followed.history.is_stated(layer, since)
    stroke(layer, MIDDLE)
    assert followed.history.is_stated(layer, since)


def test_stated_pixels_are_edits_although_nothing_had_to_change(followed):
    layer = followed.layer()
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    followed.history.state(layer, (), rows_of(CAT, slice(0, 1)) > 0)
    assert followed.edits(layer) == [(0, column) for column in range(SHAPE[1])]


def test_a_copy_inherits_what_is_known_and_then_goes_its_own_way(followed):
    layer = followed.layer()
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    stroke(layer, TOP, value=0)
    copy = Labels(layer.data.copy())
    set_tag(copy, Tag(Role.CLASS, "image", "scene", str(copy.unique_id), CAT))
    followed.history.inherit(layer, copy)
    assert followed.edits(copy) == [TOP]
    stroke(copy, MIDDLE, value=0)
    assert followed.edits(copy) == [TOP, MIDDLE]
    assert followed.edits(layer) == [TOP]


def test_nothing_that_was_known_is_true_of_other_data(followed):
    layer = followed.layer()
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    stroke(layer, TOP, value=0)
    layer.data = np.full((2, 2), CAT, np.uint8)
    geometry = LayerGeometry((2, 2), 0, 1, {})
    followed.history.watch(layer, geometry)
    assert followed.history.geometry(layer) is geometry
    assert followed.edits(layer) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_of_a_layer_that_is_forgotten_nothing_is_known_or_heard(followed):
    layer = followed.layer()
    followed.write(layer, rows_of(CAT, slice(0, 2)))
    followed.history.forget(layer)
    followed.changed.clear()
    before = followed.history.statements
    stroke(layer, TOP, value=0)
    layer.undo()
    layer.refresh()
    assert (followed.changed, followed.history.statements) == ([], before)
    assert followed.history.geometry(layer) is None
    followed.history.forget(layer)  # a second time is no mistake

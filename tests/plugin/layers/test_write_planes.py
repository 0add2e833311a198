import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers import PlaneResult, run_writer
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.progress import run_to_end

DEPTH = 3


@pytest.fixture
def stack(make_board):
    return make_board(shape=(DEPTH, 12, 16), rgb=False)


@pytest.fixture
def volumes(halves):
    """What two runs say: everywhere cat | dog, then dog | cow."""
    first = np.stack([halves] * DEPTH)
    return first, first + 1


def results(board, volume):
    return [PlaneResult(board.target((z,)), labels, board.table) for z, labels in enumerate(volume)]


def write(board, volume, **how):
    steps = board.label_layers.write_planes(results(board, volume), **how)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def until_plane(number, steps):
    """Write until the turn comes to a plane, counted from 0."""
    while next(steps).done < number:
        pass


def write_first_layer(board, steps):
    """Write one new layer; the window has its turn before it, too."""
    while not board.label_layers.class_layers(board.image):
        next(steps)


def seen(board):
    return np.stack([board.seen(board.target((z,))) for z in range(DEPTH)])


def stroke(layer, place, value):
    """Paint one pixel as a person does."""
    layer.data_setitem(tuple(np.array([position]) for position in place), value)


def data_of(board):
    return {class_id: layer.data.copy() for class_id, layer in board.label_layers.class_layers(board.image).items()}


@pytest.mark.parametrize("output", Output)
def test_every_plane_is_written(stack, volumes, output):
    write(stack, volumes[0], output=output)
    assert np.array_equal(seen(stack), volumes[0])
    write(stack, volumes[1], output=output)
    assert np.array_equal(seen(stack), volumes[1])


def test_one_undo_takes_all_planes_back_exactly(stack, volumes):
    write(stack, volumes[0])
    before = data_of(stack)
    write(stack, volumes[1])
    stack.label_layers.undo_last_run()
    assert data_of(stack).keys() == before.keys()
    assert all(np.array_equal(data, before[class_id]) for class_id, data in data_of(stack).items())
    write(stack, volumes[1])
    assert np.array_equal(seen(stack), volumes[1])


def test_undo_of_the_first_run_leaves_only_what_was_painted(stack, volumes):
    write(stack, volumes[0])
    stroke(stack.layer(2), (2, 4, 1), 2)
    stack.label_layers.undo_last_run()
    assert list(stack.label_layers.class_layers(stack.image)) == [2]
    assert np.argwhere(stack.layer(2).data).tolist() == [[2, 4, 1]]
    assert stack.label_layers.last_run is None


def test_a_copied_layer_comes_back_in_all_planes(stack, volumes, monkeypatch):
    write(stack, volumes[0])
    old, before = stack.layer(2), data_of(stack)
    monkeypatch.setattr(run_writer, "MOST_CHANGES", 100)
    run = write(stack, volumes[1])
    assert stack.layer(2) != old
    assert len(run.notes) == len(set(run.notes))
    stack.label_layers.undo_last_run()
    assert stack.layer(2) == old
    assert all(np.array_equal(data, before[class_id]) for class_id, data in data_of(stack).items())


def test_hand_edits_on_any_plane_survive(stack, volumes):
    write(stack, volumes[0])
    stroke(stack.layer(1), (2, 0, 0), 0)
    stroke(stack.layer(2), (1, 5, 2), 2)
    write(stack, np.full_like(volumes[0], 3))
    assert seen(stack)[2, 0, 0] == 0
    assert seen(stack)[1, 5, 2] == 2
    assert np.count_nonzero(seen(stack) != 3) == 2


def test_a_locked_class_keeps_its_pixels_in_all_planes(stack, volumes):
    write(stack, volumes[0])
    before = stack.layer(1).data.copy()
    write(stack, volumes[1], mode=MergeMode.REPLACE, locked=[1])
    assert np.array_equal(stack.layer(1).data, before)


def test_what_is_painted_between_two_planes_stays(stack, volumes):
    write(stack, volumes[0])
    steps = stack.label_layers.write_planes(results(stack, volumes[1]))
    until_plane(1, steps)
    stroke(stack.layer(2), (0, 3, 12), 2)
    stroke(stack.layer(2), (2, 3, 12), 0)
    list(steps)
    assert stack.layer(2).data[0, 3, 12] == 2
    assert seen(stack)[2, 3, 12] == 0


def test_undo_in_a_layer_between_two_planes_is_no_hand_edit(stack, volumes):
    write(stack, volumes[0])
    steps = stack.label_layers.write_planes(results(stack, volumes[1]))
    until_plane(1, steps)
    stack.layer(1).undo()
    list(steps)
    assert not stack.label_layers.edited(stack.target((0,))).any()


@pytest.mark.parametrize("planes", [1, 2])
def test_closed_before_its_end_it_changes_nothing(stack, volumes, planes):
    write(stack, volumes[0])
    before, run, layers = data_of(stack), stack.label_layers.last_run, list(stack.viewer.layers)
    steps = stack.label_layers.write_planes(results(stack, volumes[1]))
    until_plane(planes, steps)
    assert stack.label_layers.last_run is None
    steps.close()
    assert list(stack.viewer.layers) == layers
    assert all(np.array_equal(data, before[class_id]) for class_id, data in data_of(stack).items())
    assert stack.label_layers.last_run is run
    assert not stack.label_layers.edited(stack.target((0,))).any()


def test_layers_are_made_one_at_a_time_and_go_when_nothing_comes_into_them(stack, volumes):
    steps = stack.label_layers.write_planes(results(stack, volumes[0]))
    counts = [len(stack.viewer.layers)]
    while next(steps).done < 1:
        counts.append(len(stack.viewer.layers))
    assert list(dict.fromkeys(counts)) == [1, 2, 3]
    steps.close()
    assert list(stack.viewer.layers) == [stack.image]
    steps = stack.label_layers.write_planes(results(stack, volumes[0]))
    write_first_layer(stack, steps)
    steps.close()
    assert list(stack.viewer.layers) == [stack.image]


def test_what_is_painted_into_a_layer_that_was_just_made_stays(stack, volumes):
    steps = stack.label_layers.write_planes(results(stack, volumes[0]))
    write_first_layer(stack, steps)
    stroke(stack.layer(2), (0, 3, 1), 2)
    list(steps)
    assert seen(stack)[0, 3, 1] == 2
    stack.label_layers.undo_last_run()
    assert np.argwhere(seen(stack)).tolist() == [[0, 3, 1]]


def test_what_is_erased_in_a_layer_that_was_just_made_stays_erased(stack, volumes):
    place = (1, *np.argwhere(volumes[0][1] == 2)[0])
    steps = stack.label_layers.write_planes(results(stack, volumes[0]))
    until_plane(1, steps)
    stroke(stack.layer(2), place, 0)
    list(steps)
    stack.label_layers.undo_last_run()
    write(stack, volumes[0])
    assert seen(stack)[place] == 0


def test_an_image_that_changes_between_two_planes_stops_and_takes_back(stack, volumes):
    steps = stack.label_layers.write_planes(results(stack, volumes[0]))
    until_plane(1, steps)
    assert stack.label_layers.class_layers(stack.image)
    stack.versions[stack.image.unique_id] = 1
    with pytest.raises(CliptraseError, match="'scene' has changed"):
        list(steps)
    assert list(stack.viewer.layers) == [stack.image]


def test_one_plane_is_written_a_layer_at_a_time_and_strokes_between_stay(board, halves):
    board.write(halves)
    live = board.write(np.where(halves == 1, 3, halves))
    assert (board.layer(3).data[:, :8] == 3).all()
    new = np.where(halves == 1, 2, 1).astype(np.uint8)
    steps = board.label_layers.write_planes([PlaneResult(board.target(), new, board.table)], instead_of=live)
    changes, strokes, earlier = [], [], {}
    for number, _ in enumerate(steps):
        now = data_of(board)
        changes.append(sum(not np.array_equal(data, earlier.get(key)) for key, data in now.items()))
        layer, column, value = (board.layer(1), 3, 0) if number % 2 else (board.layer(3), 14, 3)
        if layer.data[number, column] != value:
            layer.data_setitem((np.array([number]), np.array([column])), value)
            strokes.append((number, column, value, board.seen()[number, column]))
        earlier = data_of(board)
    assert number >= 3
    assert max(changes[1:]) == 1
    assert {value for _, _, value, _ in strokes} == {0, 3}
    for row, column, value, seen_then in strokes:
        assert board.layer(3 if value else 1).data[row, column] == value
        new[row, column] = seen_then
    assert np.array_equal(board.seen(), new)


def test_scores_that_are_closed_half_way_leave_nothing_of_theirs(board, halves):
    board.write(halves)
    before = data_of(board)
    live = board.write(halves[:, ::-1].copy())
    steps = board.label_layers.write_planes([PlaneResult(board.target(), halves + 1, board.table)], instead_of=live)
    while 3 not in board.label_layers.class_layers(board.image):
        next(steps)
    steps.close()
    assert all(np.array_equal(data, before[class_id]) for class_id, data in data_of(board).items() if data.any())
    board.write(halves + 1, instead_of=live)
    assert np.array_equal(board.seen(), halves + 1)
    assert not board.label_layers.edited(board.target()).any()


def test_a_new_layer_comes_into_the_list_with_its_pixels_and_never_empty(board, halves):
    held = []
    board.viewer.layers.events.inserted.connect(lambda event: held.append(int(event.value.data.any())))
    board.write(halves)
    assert held == [1, 1]


def test_a_layer_that_a_tool_makes_during_a_run_is_written_to_and_not_made_twice(board, halves):
    steps = board.label_layers.write_planes([PlaneResult(board.target(), halves, board.table)])
    write_first_layer(board, steps)  # of two
    (first,) = board.label_layers.class_layers(board.image)
    other = 3 - first
    stroke = np.zeros(halves.shape, bool)
    stroke[0, 0] = stroke[0, -1] = True
    board.label_layers.assign(board.target(), stroke, other)
    run_to_end(steps)
    assert sorted(board.label_layers.class_layers(board.image)) == [1, 2]
    assert len(board.viewer.layers) == 3
    wanted = halves.copy()
    wanted[stroke] = other
    assert np.array_equal(board.seen(), wanted)


def test_undo_removes_the_layers_of_a_run_in_one_batch(board, halves):
    board.write(halves)
    batches = []
    board.viewer.layers.events.end_batch.connect(lambda _event: batches.append(len(board.viewer.layers)))
    board.label_layers.undo_last_run()
    assert batches == [1]

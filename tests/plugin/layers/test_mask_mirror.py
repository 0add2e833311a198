"""The mirror of a mask says at any moment what the layers say, however little of them it looks at."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.mask_mirror import ROWS_JOINED, MaskMirror
from napari_cliptrase.plugin.layers.stored_layers import StoredLayers, split_annotation
from napari_cliptrase.project.pixel_provenance import Provenance, merge_result
from napari_cliptrase.project.plane_files import Annotation

SHAPE = (3 * ROWS_JOINED + 5, 40)


class Mirrored:
    """Layers of a stored mask, and the mirror of them."""

    def __init__(self, board, stored, combined=False):
        self.board, self.stored = board, stored
        book, self.geometry = board.label_layers, board.target().geometry
        parts = split_annotation({(): stored}, (1,), combined=combined)
        list(StoredLayers(book).put(board.image, self.geometry, parts, board.table))
        self.mirror = MaskMirror(self.layers, book.history, self.geometry, {(): stored})
        book.rows_changed.connect(lambda _layer, plane, rows: self.mirror.note_rows(plane, rows))
        book.content_changed.connect(self.mirror.note_layer)
        book.written.connect(lambda run: self.mirror.note_plane((), None if run.linked else Provenance.MODEL))

    def layers(self):
        book = self.board.label_layers
        classes = list(book.class_layers(self.board.image).values())
        return classes or [book.combined_layer(self.board.image)]

    def now(self):
        self.mirror.renew()
        return self.mirror.annotation(())


def annotation(seed):
    """A stored mask with pixels of every origin, background by hand among them."""
    random = np.random.default_rng(seed)
    sources = random.integers(0, 5, SHAPE).astype(np.uint8)
    labels = random.integers(0, 4, SHAPE).astype(np.uint8)
    labels[sources == Provenance.NONE] = 0
    sources[(labels == 0) & (sources < Provenance.HAND)] = Provenance.NONE
    return Annotation(labels, sources)


@pytest.fixture
def mirrored(make_board):
    def make(seed=0, combined=False):
        return Mirrored(make_board((*SHAPE, 3)), annotation(seed), combined)

    return make


@pytest.mark.parametrize("combined", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_what_was_stored_comes_back_to_the_bit(mirrored, seed, combined):
    opened = mirrored(seed, combined)
    opened.mirror.note_plane(())
    now = opened.now()
    np.testing.assert_array_equal(now.labels, opened.stored.labels)
    np.testing.assert_array_equal(now.sources, opened.stored.sources)


@pytest.mark.parametrize("combined", [False, True])
def test_a_stroke_is_by_hand_and_nothing_else_changes(mirrored, combined):
    opened = mirrored(combined=combined)
    layer = opened.layers()[-1]
    with layer.block_history():
        layer.data_setitem((np.arange(10, 14), np.arange(10, 14)), 1)
    now = opened.now()
    expected = opened.stored.sources.copy()
    expected[np.arange(10, 14), np.arange(10, 14)] = np.where(
        (opened.stored.labels[np.arange(10, 14), np.arange(10, 14)] == now.labels[np.arange(10, 14), np.arange(10, 14)])
        & (expected[np.arange(10, 14), np.arange(10, 14)] >= Provenance.HAND),
        expected[np.arange(10, 14), np.arange(10, 14)],
        Provenance.HAND,
    )
    np.testing.assert_array_equal(now.sources, expected)
    changed = now.labels != opened.stored.labels
    assert set(zip(*np.nonzero(changed), strict=True)) <= {(at, at) for at in range(10, 14)}


def test_undo_brings_labels_and_provenance_back(mirrored):
    opened = mirrored()
    layer = opened.layers()[-1]
    with layer.block_history():
        layer.data_setitem((np.array([20, 50]), np.array([3, 4])), 1)
    opened.now()
    layer.undo()
    now = opened.now()
    np.testing.assert_array_equal(now.labels, opened.stored.labels)
    np.testing.assert_array_equal(now.sources, opened.stored.sources)


def test_changes_are_reported_once_everything_is_joined_and_only_where_they_are(mirrored):
    opened = mirrored()
    layer = next(layer for layer in opened.layers() if layer.selected_label == 1)
    row = int(np.flatnonzero((opened.stored.labels != 1).any(1) & (np.arange(SHAPE[0]) >= 2 * ROWS_JOINED))[0])
    column = int(np.flatnonzero(opened.stored.labels[row] != 1)[0])
    with layer.block_history():
        layer.data_setitem((np.array([row]), np.array([column])), 1)
    assert opened.mirror.renew(0) == ()  # the layer has still to be looked through
    changes = ()
    while not changes:
        changes = opened.mirror.renew(0)
    assert [(change.plane, change.rows, change.columns) for change in changes] == [
        ((), slice(2 * ROWS_JOINED, 3 * ROWS_JOINED), slice(column, column + 1))
    ]
    assert opened.mirror.clean


def test_a_script_that_writes_into_the_array_is_seen_and_counts_as_by_hand(mirrored):
    opened = mirrored()
    layer = opened.layers()[0]
    free = np.argwhere(opened.stored.labels == 0)[0]
    layer.data[tuple(free)] = layer.selected_label
    layer.refresh()
    now = opened.now()
    assert now.labels[tuple(free)] == layer.selected_label
    assert now.sources[tuple(free)] == Provenance.HAND


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), proposal=st.integers(0, 1000), mode=st.sampled_from(list(MergeMode)))
def test_a_run_changes_layers_and_stored_mask_alike(seed, proposal, mode):
    """The one merge rule: the same bytes, whether a result meets the file or the layers made of it."""
    from napari.components import ViewerModel
    from tests.plugin.layers.conftest import Board

    from napari_cliptrase.classes.table import ClassTable
    from napari_cliptrase.plugin.layers import LabelLayers

    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((*SHAPE, 3), np.uint8), rgb=True)
    board = Board(viewer, image, LabelLayers(viewer.layers, lambda _: 0), {}, ClassTable.from_names("a", "b", "c"))
    opened = Mirrored(board, annotation(seed))
    proposed = np.random.default_rng(proposal).integers(0, 4, SHAPE).astype(np.uint8)
    board.write(proposed, mode=mode)
    labels, sources = merge_result(opened.stored.labels, opened.stored.sources, proposed, mode=mode)
    now = opened.now()
    np.testing.assert_array_equal(now.labels, labels)
    if mode is MergeMode.KEEP_EDITS:
        np.testing.assert_array_equal(now.sources, sources)

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.plugin.layers.extras import Extra, show_extras
from napari_cliptrase.plugin.state.results import Encoded, Segmented
from napari_cliptrase.plugin.state.session import Session

GRID = (3, 4)
ALL = frozenset(Extra)


@pytest.fixture
def shown(board):
    return Shown(board)


class Shown:
    """The image of a board, and made-up results for it: cat, dog and background."""

    def __init__(self, board):
        self.board = board
        self.viewer = board.viewer
        self.source = SimpleNamespace(target=board.target())
        self.regions = np.full((12, 16), -1)
        self.regions[:6] = 4

    def show(self, extras, *, value=0.25, grid=GRID, ids=(0, 1, 2), encoded=True):
        maps = np.stack([np.full(grid, value * class_id, np.float32) for class_id in ids])
        height, width = self.source.target.shape
        segmentation = SimpleNamespace(
            margin=np.full((height, width), value, np.float32),
            scores=ClassScores(ids, maps, (height, width)),
            classes=self.board.table,
        )
        encoding = SimpleNamespace(region_map=lambda: self.regions)
        show_extras(
            self.viewer.layers,
            self.board.image,
            Segmented(self.source, segmentation, ()),
            Encoded(self.source, np.zeros((height, width, 3), np.uint8), encoding, "demo") if encoded else None,
            extras,
        )

    @property
    def names(self):
        return [layer.name for layer in self.viewer.layers]


def corners(layer):
    """World positions of the outer corners of a layer's picture."""
    return [layer.data_to_world(corner) for corner in ((-0.5, -0.5), np.array(layer.data.shape[:2]) - 0.5)]


def test_each_extra_brings_its_layers_above_the_image(shown):
    shown.show(frozenset({Extra.MARGIN}))
    assert shown.names == ["scene", "doubt · scene"]
    shown.show(frozenset({Extra.SCORES}))
    assert shown.names == ["scene", "cat score · scene", "dog score · scene"]
    shown.show(frozenset({Extra.REGIONS}))
    assert shown.names == ["scene", "regions · scene"]
    shown.show(frozenset())
    assert shown.names == ["scene"]


def test_only_doubt_is_seen_at_once_since_the_others_would_lie_over_each_other(shown):
    shown.show(ALL)
    assert [layer.name for layer in shown.viewer.layers if layer.visible] == ["scene", "doubt · scene"]


def test_the_values_are_those_of_the_result(shown):
    shown.show(ALL)
    layers = shown.viewer.layers
    assert (layers["doubt · scene"].data == 0.25).all()
    assert (layers["dog score · scene"].data == 0.5).all()
    assert np.array_equal(layers["regions · scene"].data, shown.regions + 1)


def test_the_grid_of_scores_covers_the_image_edge_to_edge(make_board):
    shown = Shown(make_board(scale=(2.0, 0.5), translate=(7.0, -3.0)))
    shown.show(ALL)
    expected = [shown.board.image.data_to_world(corner) for corner in ((-0.5, -0.5), (11.5, 15.5))]
    assert shown.viewer.layers["cat score · scene"].data.shape == GRID
    for name in ("cat score · scene", "doubt · scene", "regions · scene"):
        np.testing.assert_allclose(corners(shown.viewer.layers[name]), expected)


def test_a_part_of_the_image_has_its_extras_over_that_part(shown):
    shown.source = SimpleNamespace(target=shown.board.target(rows=slice(2, 6), columns=slice(3, 9)))
    shown.show(frozenset({Extra.MARGIN, Extra.SCORES}))
    expected = [shown.board.image.data_to_world(corner) for corner in ((1.5, 2.5), (5.5, 8.5))]
    for name in ("cat score · scene", "doubt · scene"):
        np.testing.assert_allclose(corners(shown.viewer.layers[name]), expected)


def test_new_results_go_into_the_same_layers_which_stay_as_the_user_set_them(shown):
    shown.show(ALL)
    cat = shown.viewer.layers["cat score · scene"]
    cat.visible, cat.colormap = True, "green"
    shown.show(ALL, value=0.5)
    assert shown.viewer.layers["cat score · scene"] == cat
    assert (cat.data == 0.5).all()
    assert (cat.visible, cat.colormap.name) == (True, "green")


def test_a_grid_of_another_size_gets_new_layers_in_the_place_of_the_old_ones(shown):
    shown.show(frozenset({Extra.SCORES}))
    shown.viewer.layers["dog score · scene"].visible = True
    shown.show(frozenset({Extra.SCORES}), grid=(6, 8))
    assert shown.names == ["scene", "cat score · scene", "dog score · scene"]
    assert shown.viewer.layers["cat score · scene"].data.shape == (6, 8)
    assert [layer.name for layer in shown.viewer.layers if layer.visible] == ["scene", "dog score · scene"]


def test_a_class_without_scores_has_no_layer_any_more(shown):
    shown.show(frozenset({Extra.SCORES}))
    shown.show(frozenset({Extra.SCORES}), ids=(0, 2))
    assert shown.names == ["scene", "dog score · scene"]


def test_without_an_encoding_there_are_no_regions(shown):
    shown.show(ALL, encoded=False)
    assert "regions · scene" not in shown.names


def test_the_selection_of_the_user_stays(shown):
    shown.viewer.layers.selection.active = shown.board.image
    shown.show(ALL)
    assert shown.viewer.layers.selection == {shown.board.image}
    shown.viewer.layers.selection.active = shown.viewer.layers["doubt · scene"]
    shown.show(frozenset({Extra.MARGIN}), value=0.5)
    assert shown.viewer.layers.selection == {shown.viewer.layers["doubt · scene"]}


def test_extras_are_no_images_to_segment_and_regions_cannot_be_painted(shown):
    session = Session(shown.viewer)
    shown.show(ALL)
    assert session.images == (shown.board.image,)
    assert not shown.viewer.layers["regions · scene"].editable


def test_extras_of_another_image_stay(shown):
    shown.show(frozenset({Extra.MARGIN}))
    other = shown.viewer.add_image(np.zeros((12, 16, 3), np.uint8), rgb=True, name="other")
    shown.board.image = other
    shown.show(frozenset({Extra.MARGIN}))
    shown.show(frozenset())
    assert shown.names == ["scene", "doubt · scene", "other"]

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points, Shapes
from napari.utils.colormaps.standardize_color import transform_color

from napari_cliptrase.plugin.layers import Role, tag_of
from napari_cliptrase.plugin.state.geometry import Target, geometry_of
from napari_cliptrase.plugin.tools.sam_marks import INSIDE, OUTSIDE, Mark, SamMarks

SHAPE = (40, 60)
RED = (255, 0, 0)


class Marked:
    """A viewer with a film, and the marks over one of its moments."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.film = self.viewer.add_image(np.zeros((3, *SHAPE)), name="film", scale=(1, 2.0, 0.5), translate=(0, 7, -3))
        geometry = geometry_of(self.film, rows=1, columns=2)
        height, width = SHAPE
        self.target = Target(self.film.unique_id, "film", 0, geometry, (2,), slice(0, height), slice(0, width))
        self.marks = SamMarks(self.viewer)

    def of(self, kind):
        return next((layer for layer in self.viewer.layers if isinstance(layer, kind) and layer != self.film), None)

    def in_film(self, layer, place):
        """Position in the film's data of a position in a layer's data."""
        return self.film.world_to_data(layer.data_to_world(place))


@pytest.fixture
def marked():
    marked = Marked()
    marked.marks.open(marked.target)
    return marked


def mask_of(rows, columns):
    mask = np.zeros(SHAPE, bool)
    mask[rows, columns] = True
    return mask


def test_opened_it_has_an_empty_layer_and_no_marks(marked):
    assert marked.marks.layer in marked.viewer.layers
    assert not marked.marks.layer.data[..., 3].any()
    assert len(marked.viewer.layers) == 2


def test_a_mask_lies_over_its_pixels_in_the_colour_of_its_class(marked):
    marked.marks.show_mask(mask_of(slice(10, 14), slice(20, 25)), (0, 0), RED)
    layer = marked.marks.layer
    assert layer.data.shape == (1, 4, 5, 4)  # no more than the mask's own box goes to the screen
    assert tuple(layer.data[0, 1, 1, :3]) == RED
    assert layer.data[..., 3].all()
    np.testing.assert_allclose(marked.in_film(layer, (0, 0, 0)), (2, 10, 20))
    np.testing.assert_allclose(marked.in_film(layer, (0, 3, 4)), (2, 13, 24))


def test_a_mask_of_a_part_lies_in_that_part(marked):
    marked.marks.show_mask(np.ones((2, 3), bool), (30, 40), RED)
    np.testing.assert_allclose(marked.in_film(marked.marks.layer, (0, 0, 0)), (2, 30, 40))


def test_an_empty_mask_shows_nothing(marked):
    marked.marks.show_mask(mask_of(slice(10, 14), slice(20, 25)), (0, 0), RED)
    marked.marks.show_mask(np.zeros(SHAPE, bool), (0, 0), RED)
    assert not marked.marks.layer.data[..., 3].any()


def test_clicks_are_dots_whose_colour_tells_inside_from_beside(marked):
    marked.marks.show_marks([Mark("click", (10, 20, 1.0)), Mark("click", (11, 21, 0.0))])
    dots = marked.of(Points)
    for row, place in zip(dots.data, [(2, 10, 20), (2, 11, 21)], strict=True):
        np.testing.assert_allclose(marked.in_film(dots, row), place)
    np.testing.assert_allclose(dots.face_color, np.vstack([transform_color(INSIDE), transform_color(OUTSIDE)]))


def test_of_several_boxes_the_last_one_is_shown(marked):
    marked.marks.show_marks([Mark("box", (1, 2, 3, 4)), Mark("click", (5, 5, 1.0)), Mark("box", (10, 20, 30, 50))])
    box = marked.of(Shapes)
    (corners,) = box.data
    places = [tuple(np.round(marked.in_film(box, corner), 6)) for corner in corners]
    assert places == [(2, 10, 20), (2, 10, 50), (2, 30, 50), (2, 30, 20)]
    assert len(marked.of(Points).data) == 1


def test_marks_that_are_gone_take_their_layers_along(marked):
    marked.marks.show_marks([Mark("click", (10, 20, 1.0)), Mark("box", (10, 20, 30, 50))])
    marked.marks.show_marks([Mark("click", (10, 20, 1.0))])
    assert marked.of(Shapes) is None
    marked.marks.show_marks([])
    assert marked.of(Points) is None
    assert marked.marks.layer in marked.viewer.layers


def test_the_same_layers_show_the_next_marks(marked):
    marked.marks.show_marks([Mark("click", (10, 20, 1.0)), Mark("box", (10, 20, 30, 50))])
    dots, box = marked.of(Points), marked.of(Shapes)
    marked.marks.show_marks([Mark("click", (1, 2, 0.0)), Mark("click", (3, 4, 1.0)), Mark("box", (0, 0, 5, 5))])
    assert (marked.of(Points), marked.of(Shapes)) == (dots, box)
    assert len(dots.data) == 2


def test_a_layer_that_the_user_deleted_comes_again_with_the_next_mark(marked):
    marked.marks.show_marks([Mark("click", (10, 20, 1.0)), Mark("box", (10, 20, 30, 50))])
    marked.viewer.layers.remove(marked.of(Points))
    marked.viewer.layers.remove(marked.of(Shapes))
    marked.marks.show_marks([Mark("click", (1, 2, 1.0)), Mark("box", (10, 20, 30, 50))])
    assert len(marked.of(Points).data) == 1
    assert marked.of(Shapes) is not None


def test_marks_do_not_take_the_selection_and_are_not_offered_as_images(marked):
    marked.viewer.layers.selection.active = marked.marks.layer
    marked.marks.show_marks([Mark("click", (10, 20, 1.0)), Mark("box", (10, 20, 30, 50))])
    assert marked.viewer.layers.selection == {marked.marks.layer}
    for layer in (marked.marks.layer, marked.of(Points), marked.of(Shapes)):
        assert tag_of(layer).role is Role.PREVIEW


def test_closing_leaves_the_viewer_as_it_was(marked):
    marked.marks.show_marks([Mark("click", (10, 20, 1.0)), Mark("box", (10, 20, 30, 50))])
    marked.marks.close()
    assert [*marked.viewer.layers] == [marked.film]
    assert marked.marks.layer is None
    marked.marks.close()  # a second time is no mistake


def test_clearing_keeps_the_layer_that_hears_keys(marked):
    layer = marked.marks.layer
    marked.marks.show_mask(mask_of(slice(10, 14), slice(20, 25)), (0, 0), RED)
    marked.marks.show_marks([Mark("click", (10, 20, 1.0))])
    marked.marks.clear()
    assert marked.marks.layer == layer
    assert isinstance(layer, Image)
    assert not layer.data[..., 3].any()
    assert marked.of(Points) is None

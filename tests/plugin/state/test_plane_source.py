import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.plugin.state.plane_source import Area, default_level, plane_source_of, planes_of


@pytest.fixture
def viewer():
    return ViewerModel()


def test_the_plane_on_the_screen_is_taken(viewer):
    data = np.arange(3 * 8 * 9, dtype=np.uint8).reshape(3, 8, 9)
    image = viewer.add_image(data, axis_labels=("z", "y", "x"), scale=(5, 1, 1), contrast_limits=(0, 255))
    viewer.dims.set_current_step(0, 2)
    source = plane_source_of(viewer, image, 0)
    assert source.target.plane == (2,)
    assert np.array_equal(source.rgb()[:, :, 0], data[2])


def test_contrast_as_on_the_screen_or_full_range(viewer):
    image = viewer.add_image(np.full((8, 9), 100, np.uint8), contrast_limits=(100, 200))
    assert plane_source_of(viewer, image, 0).rgb().max() == 0
    assert plane_source_of(viewer, image, 0, as_shown=False).rgb().max() == 100


def test_channels_are_mixed_and_planes_kept(viewer):
    data = np.zeros((4, 2, 8, 9), np.uint8)
    data[3, 1] = 255
    image = viewer.add_image(data, contrast_limits=(0, 255))
    viewer.dims.set_current_step(0, 3)
    source = plane_source_of(viewer, image, 0, roles=AxisRoles("TCYX"))
    assert source.rgb().reshape(-1, 3).max(0).tolist() == [255, 0, 255]
    assert source.target.geometry.shape == (4, 1, 8, 9)
    assert source.target.plane == (3, 0)


@pytest.mark.parametrize("place", [{}, {"scale": (2, 0.5), "rotate": 20, "translate": (3, 4)}])
def test_a_selected_shape_limits_where_results_go(viewer, place):
    image = viewer.add_image(np.zeros((40, 60, 3), np.uint8), rgb=True, **place)
    corners = [image.data_to_world(corner) for corner in ((9.6, 19.6), (9.6, 39.4), (29.4, 39.4), (29.4, 19.6))]
    viewer.add_shapes([np.array(corners)], shape_type="polygon")
    source = plane_source_of(viewer, image, 0, area=Area.SHAPE)
    assert (source.target.rows, source.target.columns) == (slice(10, 30), slice(20, 40))
    assert source.target.mask.all()
    assert source.rgb().shape == (20, 20, 3)


def test_an_ellipse_is_no_rectangle(viewer):
    image = viewer.add_image(np.zeros((40, 60)))
    viewer.add_shapes([np.array([[5, 5], [5, 35], [35, 35], [35, 5]])], shape_type="ellipse")
    mask = plane_source_of(viewer, image, 0, area=Area.SHAPE).target.mask
    assert mask.sum() == pytest.approx(np.pi * 15**2, rel=0.03)
    assert not mask[0, 0]


def test_no_shape_is_reported_in_words(viewer):
    image = viewer.add_image(np.zeros((40, 60)), name="cells")
    with pytest.raises(CliptraseError, match="No shape lies on image 'cells'"):
        plane_source_of(viewer, image, 0, area=Area.SHAPE)


def test_the_visible_area_is_what_the_corners_span(viewer):
    image = viewer.add_image(np.zeros((400, 600)))
    image.corner_pixels = np.array([[10, 20], [109, 219]])
    target = plane_source_of(viewer, image, 0, area=Area.VISIBLE).target
    assert (target.rows, target.columns) == (slice(10, 110), slice(20, 220))


def test_before_anything_is_drawn_the_visible_area_is_all(viewer):
    image = viewer.add_image(np.zeros((40, 60)))
    image.corner_pixels = np.zeros((2, 2), int)
    assert plane_source_of(viewer, image, 0, area=Area.VISIBLE).target.shape == (40, 60)


def test_a_level_that_fits_is_chosen_of_a_multiscale_image(viewer):
    levels = [np.zeros((20000, 100)), np.zeros((10000, 50)), np.zeros((5000, 25))]
    image = viewer.add_image(levels, multiscale=True)
    assert default_level(image) == 2
    assert plane_source_of(viewer, image, 0).target.shape == (5000, 25)


def test_two_sources_of_the_same_pixels_have_one_key(viewer):
    image = viewer.add_image(np.zeros((40, 60)))
    assert plane_source_of(viewer, image, 0).key == plane_source_of(viewer, image, 0).key
    assert plane_source_of(viewer, image, 0).key != plane_source_of(viewer, image, 1).key


@pytest.mark.parametrize(
    ("letters", "shape", "planes"),
    [
        ("TYX", (2, 8, 9), [(0,), (1,)]),
        ("TZYX", (2, 2, 8, 9), [(0, 0), (0, 1), (1, 0), (1, 1)]),
        ("TCYX", (2, 3, 8, 9), [(0, 0), (1, 0)]),
        ("CTYX", (3, 2, 8, 9), [(0,), (1,)]),
        ("YXC", (8, 9, 3), [(0,)]),
        ("CYX", (3, 8, 9), [()]),
    ],
)
def test_every_plane_of_a_stack_goes_to_its_own(viewer, letters, shape, planes):
    data = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    image = viewer.add_image(data, rgb=False, contrast_limits=(0, 255))
    source = plane_source_of(viewer, image, 0, roles=AxisRoles(letters))
    every = planes_of(source)
    assert [plane.target.plane for plane in every] == planes
    assert source.key in {plane.key for plane in every}
    for plane in every:
        shown = dict(zip(source.roles.planes, plane.index, strict=True))
        for axis, position in shown.items():
            viewer.dims.set_current_step(axis, position)
        seen = plane_source_of(viewer, image, 0, roles=AxisRoles(letters))
        assert (seen.key, seen.target.plane) == (plane.key, plane.target.plane)
        assert np.array_equal(seen.rgb(), plane.rgb())


def test_every_plane_of_a_film_in_colour_and_of_a_coarse_level(viewer):
    film = viewer.add_image(np.zeros((3, 8, 9, 3), np.uint8), rgb=True)
    assert [plane.target.plane for plane in planes_of(plane_source_of(viewer, film, 0))] == [(0,), (1,), (2,)]
    levels = viewer.add_image([np.zeros((4, 32, 32)), np.zeros((2, 16, 16))], multiscale=True)
    assert [plane.target.plane for plane in planes_of(plane_source_of(viewer, levels, 0, level=1))] == [(0,), (1,)]


def test_the_chosen_part_is_taken_of_every_plane(viewer):
    image = viewer.add_image(np.zeros((3, 40, 60)))
    viewer.add_shapes([np.array([[10, 20], [10, 39], [29, 39], [29, 20]])], shape_type="polygon")
    first, *others = planes_of(plane_source_of(viewer, image, 0, area=Area.SHAPE))
    assert others
    for plane in others:
        assert (plane.target.box, plane.rgb().shape) == (first.target.box, first.rgb().shape)
        assert np.array_equal(plane.target.mask, first.target.mask)

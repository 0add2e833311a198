import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.plugin.subject import Area, default_level, subject_of


@pytest.fixture
def viewer():
    return ViewerModel()


def test_the_plane_on_the_screen_is_taken(viewer):
    data = np.arange(3 * 8 * 9, dtype=np.uint8).reshape(3, 8, 9)
    image = viewer.add_image(data, axis_labels=("z", "y", "x"), scale=(5, 1, 1), contrast_limits=(0, 255))
    viewer.dims.set_current_step(0, 2)
    subject = subject_of(viewer, image, 0)
    assert subject.target.plane == (2,)
    assert np.array_equal(subject.rgb()[:, :, 0], data[2])


def test_contrast_as_on_the_screen_or_full_range(viewer):
    image = viewer.add_image(np.full((8, 9), 100, np.uint8), contrast_limits=(100, 200))
    assert subject_of(viewer, image, 0).rgb().max() == 0
    assert subject_of(viewer, image, 0, as_shown=False).rgb().max() == 100


def test_channels_are_mixed_and_planes_kept(viewer):
    data = np.zeros((4, 2, 8, 9), np.uint8)
    data[3, 1] = 255
    image = viewer.add_image(data, contrast_limits=(0, 255))
    viewer.dims.set_current_step(0, 3)
    subject = subject_of(viewer, image, 0, roles=AxisRoles("TCYX"))
    assert subject.rgb().reshape(-1, 3).max(0).tolist() == [255, 0, 255]
    assert subject.target.frame.shape == (4, 1, 8, 9)
    assert subject.target.plane == (3, 0)


@pytest.mark.parametrize("place", [{}, {"scale": (2, 0.5), "rotate": 20, "translate": (3, 4)}])
def test_a_selected_shape_limits_where_results_go(viewer, place):
    image = viewer.add_image(np.zeros((40, 60, 3), np.uint8), rgb=True, **place)
    corners = [image.data_to_world(corner) for corner in ((9.6, 19.6), (9.6, 39.4), (29.4, 39.4), (29.4, 19.6))]
    viewer.add_shapes([np.array(corners)], shape_type="polygon")
    subject = subject_of(viewer, image, 0, area=Area.SHAPE)
    assert (subject.target.rows, subject.target.columns) == (slice(10, 30), slice(20, 40))
    assert subject.target.mask.all()
    assert subject.rgb().shape == (20, 20, 3)


def test_an_ellipse_is_no_rectangle(viewer):
    image = viewer.add_image(np.zeros((40, 60)))
    viewer.add_shapes([np.array([[5, 5], [5, 35], [35, 35], [35, 5]])], shape_type="ellipse")
    mask = subject_of(viewer, image, 0, area=Area.SHAPE).target.mask
    assert mask.sum() == pytest.approx(np.pi * 15**2, rel=0.03)
    assert not mask[0, 0]


def test_no_shape_is_said_in_words(viewer):
    image = viewer.add_image(np.zeros((40, 60)), name="cells")
    with pytest.raises(CliptraseError, match="No shape lies on image 'cells'"):
        subject_of(viewer, image, 0, area=Area.SHAPE)


def test_the_visible_area_is_what_the_corners_span(viewer):
    image = viewer.add_image(np.zeros((400, 600)))
    image.corner_pixels = np.array([[10, 20], [109, 219]])
    target = subject_of(viewer, image, 0, area=Area.VISIBLE).target
    assert (target.rows, target.columns) == (slice(10, 110), slice(20, 220))


def test_before_anything_is_drawn_the_visible_area_is_all(viewer):
    image = viewer.add_image(np.zeros((40, 60)))
    image.corner_pixels = np.zeros((2, 2), int)
    assert subject_of(viewer, image, 0, area=Area.VISIBLE).target.shape == (40, 60)


def test_a_level_that_fits_is_chosen_of_a_multiscale_image(viewer):
    levels = [np.zeros((20000, 100)), np.zeros((10000, 50)), np.zeros((5000, 25))]
    image = viewer.add_image(levels, multiscale=True)
    assert default_level(image) == 2
    assert subject_of(viewer, image, 0).target.shape == (5000, 25)


def test_two_subjects_of_the_same_pixels_have_one_key(viewer):
    image = viewer.add_image(np.zeros((40, 60)))
    assert subject_of(viewer, image, 0).key == subject_of(viewer, image, 0).key
    assert subject_of(viewer, image, 0).key != subject_of(viewer, image, 1).key

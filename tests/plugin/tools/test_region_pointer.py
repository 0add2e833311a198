import numpy as np
import pytest

from napari_cliptrase.plugin.tools.region_pointer import FILL_ALPHA, RegionPointer, highlight, pixel_at


def test_a_part_is_lit_inside_and_has_a_rim():
    mask = np.zeros((7, 9), bool)
    mask[1:6, 1:8] = True
    picture = highlight(mask, (10, 20, 30))
    assert tuple(picture[3, 4]) == (10, 20, 30, FILL_ALPHA)
    assert tuple(picture[1, 4]) == (10, 20, 30, 255)
    assert not picture[0].any()


def test_a_pixel_is_found_in_the_box_of_the_target(pupil):
    assert pixel_at(pupil.target, pupil.image.data_to_world((3, 4))) == (3, 4)


def test_a_tool_must_say_what_a_click_does(pupil):
    with pytest.raises(NotImplementedError):
        RegionPointer(pupil.session, pupil.bench.jobs).take((0, 0), ())

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.classes import colors


@pytest.mark.parametrize(
    ("index", "color"),
    [(0, (0, 0, 0)), (1, (128, 0, 0)), (2, (0, 128, 0)), (15, (192, 128, 128)), (255, (224, 224, 192))],
)
def test_voc_colors(index, color):
    assert colors.voc_color(index) == color


def test_default_colors_of_the_first_255_classes_differ():
    assert len({colors.class_color(i) for i in range(1, 256)}) == 255


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_hex_round_trip(color):
    assert colors.parse_hex(colors.to_hex(color)) == color


def test_short_hex():
    assert colors.parse_hex("#f80") == (255, 136, 0)


@pytest.mark.parametrize("text", ["red", "#12345", "", "#gggggg", "#+1+1+1"])
def test_other_text_is_refused_by_name(text):
    with pytest.raises(ValueError, match="#rrggbb"):
        colors.parse_hex(text)

from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from napari_cliptrase.masks.png_file import encode_png

SHAPE = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)


@given(hnp.arrays(st.sampled_from([np.uint8, np.uint16]), SHAPE))
def test_grey_pixels_are_exact(pixels):
    with Image.open(BytesIO(encode_png(pixels))) as image:
        image.load()
        np.testing.assert_array_equal(np.asarray(image), pixels)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(3))))
def test_colours_are_exact(pixels):
    with Image.open(BytesIO(encode_png(pixels))) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_a_view_with_any_strides_can_be_written():
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8)[::-2, 1::3]
    with Image.open(BytesIO(encode_png(pixels))) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_texts_are_unicode():
    with Image.open(BytesIO(encode_png(np.zeros((1, 1), np.uint8), texts={"key": "naïve 犬 🐶"}))) as image:
        image.load()
        assert image.text["key"] == "naïve 犬 🐶"


def test_runs_pack_well():
    pixels = np.kron(np.arange(16, dtype=np.uint8).reshape(4, 4), np.ones((128, 128), np.uint8))
    assert len(encode_png(pixels)) < pixels.size / 100

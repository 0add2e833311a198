from dataclasses import replace

import numpy as np

from napari_cliptrase.masks.metadata import described, dump, mask_metadata, parse_metadata


def test_a_mask_is_described_completely(golden):
    mask = replace(golden, scale=(2.0, 3.0), units=("micrometer",) * 2, origin=(4.0, 5.0), image_name="x/a.tif")
    back = described(mask.labels, "a", parse_metadata(dump(mask)))
    assert back.classes == mask.classes
    assert (back.axes, back.scale, back.units, back.origin) == (mask.axes, mask.scale, mask.units, mask.origin)
    assert back.image_name == "x/a.tif"


def test_axes_of_length_one_that_a_format_left_out_come_back(golden):
    mask = replace(golden, labels=golden.labels[None], axes="ZYX", scale=(), units=(), origin=())
    assert described(golden.labels, "a", mask_metadata(mask)).labels.shape == (1, 5, 6)


def test_a_cropped_array_keeps_the_classes_only(golden):
    stack = replace(
        golden, labels=np.stack([golden.labels] * 2), axes="ZYX", scale=(2.0, 1.0, 1.0), units=(), origin=()
    )
    back = described(golden.labels[:3], "a", mask_metadata(stack))
    assert back.classes == golden.classes
    assert back.scale == (1.0, 1.0)


def test_texts_of_other_programs_are_no_description():
    assert parse_metadata(None) is None
    assert parse_metadata("hello") is None
    assert parse_metadata('{"classes": [1]}') is None

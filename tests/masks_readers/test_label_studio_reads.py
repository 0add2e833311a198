"""Label Studio's own decoder as the reader of brush predictions."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.pixel_runs import expanded
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.rle_pack import pack, unpack

brush = pytest.importorskip(
    "label_studio_sdk.converter.brush", reason="label-studio-sdk is kept in an environment of its own"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tasks")


@pytest.mark.parametrize("objects", [False, True])
def test_the_decoder_gives_the_masks_back(objects, folder):
    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    @given(
        hnp.arrays(
            np.uint16,
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
            elements=st.sampled_from([0, 0, 1, 2, 300]),
        )
    )
    def check(labels):
        mask = LabelImage(labels, stem="a")
        FORMATS["label-studio"].write(mask, folder / "t.json", ExportOptions(instances=objects))
        (task,) = json.loads((folder / "t.json").read_text())
        ids = {entry.name: entry.id for entry in mask.classes}
        painted = np.zeros(labels.size, np.int64)
        for result in task["predictions"][0]["result"]:
            values = brush.decode_rle(result["value"]["rle"]).reshape(-1, 4)[:, 3]
            assert set(np.unique(values)) <= {0, 255}
            painted += (values > 0) * ids[result["value"]["brushlabels"][0]]
        np.testing.assert_array_equal(painted.reshape(labels.shape), labels)

    check()


def test_its_encoder_is_read_back():
    inside = np.zeros((40, 50), np.uint8)
    inside[3:30, 7:40] = 255
    inside[10:12, 9:12] = 0
    encoded = brush.encode_rle(np.repeat(inside.reshape(-1), 4))
    painted = np.zeros(inside.size, bool)
    for _, index in expanded(*unpack(encoded, inside.size)):
        painted[index] = True
    np.testing.assert_array_equal(painted, inside.reshape(-1) > 0)
    counts = np.diff(np.flatnonzero(np.diff(inside.reshape(-1).astype(int), prepend=-1, append=-1)))
    assert pack(counts) == list(encoded)

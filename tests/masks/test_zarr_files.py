import json

import numpy as np
import pytest

from napari_cliptrase.masks.export_options import NgffVersion
from napari_cliptrase.masks.zarr_files import chunk_files, group_file, load_attributes

zarr = pytest.importorskip("zarr", reason="the extra ome-zarr is not installed")


@pytest.mark.parametrize("version", list(NgffVersion))
def test_zarr_opens_the_files(version, tmp_path):
    labels = np.arange(2 * 30 * 1100, dtype=np.uint32).reshape(2, 30, 1100)
    for name, data in (chunk_files("0", labels, "zyx", version) | group_file({"a": 1}, version)).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    group = zarr.open_group(str(tmp_path), mode="r")
    assert group.metadata.zarr_format == (2 if version is NgffVersion.V04 else 3)
    np.testing.assert_array_equal(group["0"][...], labels)
    assert group["0"].chunks == (1, 30, 1024)
    assert load_attributes(tmp_path)["a"] == 1


def test_what_is_no_group_has_no_attributes(tmp_path):
    assert load_attributes(tmp_path) is None
    (tmp_path / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    assert load_attributes(tmp_path) == {}

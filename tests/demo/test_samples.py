import subprocess
import sys

import numpy as np
import pytest

from napari_cliptrase.demo import samples


@pytest.mark.parametrize(
    "sample",
    [
        samples.landscape,
        samples.landscape_with_masks,
        samples.panorama,
        samples.time_lapse,
        samples.cell_stack,
        samples.dim_landscape,
    ],
)
def test_a_sample_is_a_list_of_layers(sample):
    for data, options, kind in sample():
        assert kind in ("image", "labels")
        assert options["name"]
        assert len(data.shape) - bool(options.get("rgb")) >= 2
        assert np.asarray(data[:2]).size


def test_samples_need_neither_torch_nor_napari():
    code = (
        "import sys; from napari_cliptrase.demo import samples; samples.landscape(); samples.cell_stack();"
        "sys.exit(bool({'torch', 'napari', 'qtpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

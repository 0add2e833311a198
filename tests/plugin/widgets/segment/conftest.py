import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_cliptrase.plugin.state.session import Session


class OpenImages:
    """A viewer whose images somebody opens, and its session."""

    def __init__(self):
        self.viewer = ViewerModel()
        self.session = Session(self.viewer)

    def add(self, shape=(96, 128, 3), name="scene", **how) -> Image:
        data = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
        return self.viewer.add_image(data, name=name, **how)


@pytest.fixture
def images() -> OpenImages:
    return OpenImages()

import numpy as np
import pytest

from napari_cliptrase import Segmenter, Settings, load_model
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.encoded_images import EncodedImages


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model("demo", device="cpu"), Settings(detail="coarse"), text_caches=())


def test_an_image_is_encoded_once_and_comes_back_as_it_was(segmenter, tmp_path, monkeypatch):
    images = EncodedImages(PaintedScenes(3, 2, 96), segmenter, tmp_path)
    first = images.read("scene 4")

    def never(rgb):
        raise CliptraseError("encoded again")

    monkeypatch.setattr(segmenter, "encode_steps", never)
    again = images.read("scene 4")
    assert np.array_equal(again.encoding.features, first.encoding.features)
    assert np.array_equal(again.image.truth, first.image.truth)
    assert again.encoding.key == first.encoding.key
    with pytest.raises(CliptraseError, match="encoded again"):
        images.read("scene 3")

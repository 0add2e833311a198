import numpy as np
import pytest

from napari_cliptrase import Segmenter, Settings, load_model
from napari_cliptrase.classes.prompt_class import PromptClass
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.encoded_images import EncodedImages
from napari_cliptrase.learn.lesson_memory import LessonMemory


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model("demo", device="cpu"), Settings(detail="coarse"), text_caches=())


def test_an_image_is_encoded_once_and_comes_back_as_it_was(segmenter, tmp_path, monkeypatch):
    images = EncodedImages(PaintedScenes(3, 2, 96), segmenter, tmp_path)
    first = images.read("scene 4")

    def never(rgb, **_how):
        raise CliptraseError("encoded again")

    monkeypatch.setattr(segmenter, "encode_steps", never)
    again = images.read("scene 4")
    assert np.array_equal(again.encoding.features, first.encoding.features)
    assert np.array_equal(again.image.truth, first.image.truth)
    assert again.encoding.key == first.encoding.key
    with pytest.raises(CliptraseError, match="encoded again"):
        images.read("scene 3")


def test_what_is_found_counts_classes_in_the_order_of_the_names(segmenter, tmp_path):
    images = EncodedImages(PaintedScenes(3, 2, 96), segmenter, tmp_path)
    encoded = images.read("scene 4")
    ids = [2 * (len(images.images.classes) - index) for index in range(len(images.images.classes))]
    prompts = PromptSet(tuple(map(PromptClass, ids, images.images.classes)))
    memory = LessonMemory(segmenter.model.fingerprint, segmenter.settings.encode_key())
    found = images.find(encoded, prompts, memory)
    labels = segmenter.segment(encoded.encoding, prompts).labels
    assert len(np.unique(found)) > 2
    assert np.array_equal(np.asarray([*ids, 0])[found], labels)

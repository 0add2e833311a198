import pytest

from napari_cliptrase import Segmenter, Settings, load_model
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.encoded_images import EncodedImages
from napari_cliptrase.evaluate.learning_curve import learning_curve_steps
from napari_cliptrase.evaluate.name_choice import NameChoice
from napari_cliptrase.progress import run_to_end


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    segmenter = Segmenter(load_model("demo", device="cpu"), Settings(detail="coarse"), text_caches=())
    return EncodedImages(PaintedScenes(0, 6, 160), segmenter, tmp_path_factory.mktemp("encodings"))


def curve(images, names):
    return run_to_end(learning_curve_steps(images, names.prompts(images.images.classes), (0, 4), 2))


def test_made_up_names_are_worth_nothing_before_and_much_after_some_images(images):
    before, after = curve(images, NameChoice.MADE_UP)
    assert (before.corrected, after.corrected) == (0, 4)
    assert before.mean_iou < 0.2
    assert after.mean_iou > 0.4
    assert after.mean_iou_of_shown >= after.mean_iou
    assert before.shown == ()
    assert len(after.shown) > 5


def test_known_names_lose_nothing(images):
    before, after = curve(images, NameChoice.KNOWN)
    assert after.mean_iou > before.mean_iou - 0.01

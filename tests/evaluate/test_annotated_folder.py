"""The whole study on small scenes with the shipped models."""

import numpy as np
import pytest

from napari_cliptrase import Segmenter, Settings, load_model
from napari_cliptrase.evaluate.annotated_folder import WORKFLOWS, AnnotationStudy
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.encoded_images import EncodedImages
from napari_cliptrase.evaluate.name_choice import NameChoice
from napari_cliptrase.models.load import load_sam
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.embedding import Embedder

BY_NAME = {workflow.name: workflow for workflow in WORKFLOWS}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    segmenter = Segmenter(load_model("demo", device="cpu"), Settings(detail="coarse"), text_caches=())
    images = EncodedImages(PaintedScenes(0, 2, 128), segmenter, tmp_path_factory.mktemp("encodings"))
    study = AnnotationStudy(
        images, NameChoice.KNOWN.prompts(images.images.classes), Embedder(load_sam("demo", device="cpu"))
    )
    return {folder.workflow.name: folder for folder in run_to_end(study.run_steps(WORKFLOWS))}


def test_every_way_ends_at_its_goals(folders):
    assert list(folders) == list(BY_NAME)
    for folder in folders.values():
        assert len(folder.images) == 2
        assert all(count is not None for count in folder.actions(0.95))
        assert all(few <= many for few, many in zip(folder.actions(0.9), folder.actions(0.95), strict=True))


def test_each_way_uses_only_its_tools(folders):
    used = {
        name: {kind for image in folder.images for kind in image.reached[0.95].by_kind}
        for name, folder in folders.items()
    }
    assert used["painting"] == used["text"] == {"brush"}
    assert used["text and regions"] <= {"brush", "region"}
    assert "SAM" in used["painting, regions and SAM"]
    assert "scribble" not in used["text, regions and SAM"]


def test_text_starts_ahead_of_an_empty_image_and_costs_less(folders):
    assert all(image.start == 0 for image in folders["painting"].images)
    assert np.mean([image.start for image in folders["text"].images]) > 0.4
    assert sum(folders["text"].actions(0.9)) < sum(folders["painting"].actions(0.9))


def test_the_first_image_of_a_folder_is_as_it_is_alone(folders):
    across, within = (folders[f"learning {where}"] for where in ("across the folder", "within the image"))
    assert across.actions(0.95)[0] == within.actions(0.95)[0]

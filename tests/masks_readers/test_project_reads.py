"""A project is a data set as it lies on the disk: read by datumaro and by Hugging Face datasets, without an export."""

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

SHAPE = (12, 16)


@pytest.fixture
def drawn(tmp_path):
    """The folder of a project with two images, and their labels by stem."""
    labels = {"a": np.zeros(SHAPE, np.uint8), "b": np.zeros(SHAPE, np.uint8)}
    labels["a"][2:5] = 1
    labels["a"][6:, 3:9] = 3
    labels["b"][:, ::2] = 2
    (tmp_path / "images").mkdir()
    for number, stem in enumerate(labels):
        pixels = np.random.default_rng(number).integers(0, 256, (*SHAPE, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{stem}.png")
    with Project.create(tmp_path, PromptSet.parse("cat\ndog: puppy\nsky")) as project:
        for stem, mask in labels.items():
            sources = np.where(mask != 0, np.uint8(Provenance.HAND), np.uint8(0))
            project.write(f"{stem}.png", mask, sources)
    return tmp_path, labels


def test_datumaro_reads_images_masks_and_names(drawn):
    datumaro = pytest.importorskip("datumaro", reason="its pins keep datumaro in an environment of its own")
    folder, labels = drawn
    dataset = datumaro.Dataset.import_from(str(folder), "common_semantic_segmentation")
    names = [label.name for label in dataset.categories()[datumaro.AnnotationType.label]]
    assert names == ["background", "cat", "dog", "sky"]
    found = {}
    for item in dataset:
        mask = np.zeros(SHAPE, np.uint8)
        for annotation in item.annotations:
            mask[annotation.image.astype(bool)] = annotation.label
        found[item.id] = mask
        assert item.media.data.shape == (*SHAPE, 3)
    assert found.keys() == labels.keys()
    for stem, mask in labels.items():
        np.testing.assert_array_equal(found[stem], mask)


def test_hugging_face_datasets_reads_pairs_of_image_and_mask(drawn, tmp_path_factory):
    datasets = pytest.importorskip("datasets", reason="it is in the environment of the readers only")
    folder, labels = drawn
    cache = str(tmp_path_factory.mktemp("cache"))
    loaded = datasets.load_dataset("imagefolder", data_dir=str(folder), split="train", cache_dir=cache)
    assert len(loaded) == len(labels)
    found = sorted(loaded, key=lambda row: np.asarray(row["mask"]).sum())
    for row, mask in zip(found, sorted(labels.values(), key=np.sum), strict=True):
        np.testing.assert_array_equal(np.asarray(row["mask"]), mask)
        assert row["image"].size == (SHAPE[1], SHAPE[0])
        assert row["state"] == "in progress"

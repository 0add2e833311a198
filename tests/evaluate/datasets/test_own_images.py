"""Images and masks of one's own."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_cliptrase import PromptSet
from napari_cliptrase.evaluate.datasets.own_images import FolderImages, OwnClasses, ProjectImages
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED, DataError
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

CLASSES = PromptSet.parse("cat [id=30]\ndog: puppy [id=40]")
RGB = np.zeros((2, 3, 3), np.uint8)
MASK = np.array([[0, 30, 40], [99, 255, 30]], np.uint8)


def save(folder: Path, name: str, array: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(array).save(folder / name)


@pytest.fixture
def own(tmp_path: Path) -> FolderImages:
    save(tmp_path / "images", "a.png", RGB)
    save(tmp_path / "masks", "a.png", MASK)
    return FolderImages(tmp_path / "images", tmp_path / "masks", OwnClasses(CLASSES))


def test_numbers_are_the_ids_of_the_classes_and_others_are_counted(own: FolderImages) -> None:
    assert own.names() == ["a"]
    image = own.read("a")
    assert image.truth.tolist() == [[UNCOUNTED, 0, 1], [UNCOUNTED, UNCOUNTED, 0]]
    assert image.beyond == {99: 1}
    assert (own.classes, own.background, own.notes()) == (("cat", "dog"), False, [])


def test_the_background_is_scored_where_somebody_could_find_it() -> None:
    own = OwnClasses(CLASSES.with_background("wall"))
    assert own.names == ("cat", "dog", "background")
    assert own.labelled(RGB, MASK, (255,)).truth.tolist() == [[2, 0, 1], [UNCOUNTED, UNCOUNTED, 0]]
    assert own.vocabulary.indices_of(np.array([[0, 1, 2]])).tolist() == [[2, 0, 1]]
    assert [entry.phrases for entry in own.vocabulary.prompts] == [("cat",), ("dog", "puppy")]


def test_images_without_a_mask_are_reported_and_masks_without_an_image_refused(own: FolderImages) -> None:
    save(own.images, "b.png", RGB)
    save(own.masks, "c.png", MASK)
    again = FolderImages(own.images, own.masks, own.own)
    assert again.notes() == ["Without a mask, so not scored: 1 image, such as b."]
    with pytest.raises(DataError, match=r"c\.png has no image of its name"):
        again.read("c")


def test_sizes_that_differ_are_refused_with_both(own: FolderImages) -> None:
    save(own.masks, "a.png", MASK.T.copy())
    with pytest.raises(DataError, match=r"has 3 × 2 pixels and its mask 2 × 3"):
        own.read("a")


def test_folders_that_hold_nothing_are_reported(own: FolderImages, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a folder"):
        FolderImages(tmp_path / "none", own.masks, own.own).names()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no masks \(\.png, \.tif, \.tiff\)"):
        FolderImages(own.images, tmp_path / "empty", own.own).names()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two images, of which one is done, and a stack."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        save(folder, name, RGB)
    tifffile.imwrite(folder / "s.tif", np.zeros((3, 4, 5), np.uint8), metadata={"axes": "ZYX"})
    labels = np.array([[0, 30, 40], [0, 0, 30]], np.uint8)
    with Project.create(folder, CLASSES) as made:
        made.write("a.png", labels, np.where(labels > 0, np.uint8(Provenance.HAND), np.uint8(0)))
        made.set_state("a.png", State.DONE)
    return folder


def test_of_a_project_what_a_person_finished_is_scored(project: Path) -> None:
    images = ProjectImages(project)
    assert (list(images.names()), images.classes) == (["a.png"], ("cat", "dog"))
    assert images.notes() == ["Not finished, so not scored: 2 images."]
    assert images.read("a.png").truth.tolist() == [[UNCOUNTED, 0, 1], [UNCOUNTED, UNCOUNTED, 0]]
    with pytest.raises(DataError, match="is a stack"):
        images.read("s.tif")


def test_another_process_reads_the_same_images(project: Path) -> None:
    images = ProjectImages(project)
    images.names()  # opens the project
    there = pickle.loads(pickle.dumps(images))
    assert there == images
    np.testing.assert_array_equal(there.read("a.png").truth, images.read("a.png").truth)


def test_a_project_in_which_nothing_is_finished_says_so(project: Path) -> None:
    with Project.open(project) as opened:
        opened.set_state("a.png", State.IN_PROGRESS)
    with pytest.raises(DataError, match=r"No image of .* is finished yet"):
        ProjectImages(project).names()

import numpy as np
import tifffile
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.thumbnail_picture import THUMBNAIL_SIZE, thumbnail_of


def test_the_mask_lies_over_the_image_in_the_colours_of_the_classes(tmp_path):
    Image.fromarray(np.zeros((400, 600, 3), np.uint8)).save(tmp_path / "a.png")
    with Project.create(tmp_path, PromptSet.parse("cat")) as project:
        plain = thumbnail_of(project, project.record("a.png"))
        assert plain.shape == (48, 72, 3)
        assert not plain.any()
        labels = np.zeros((400, 600), np.uint8)
        labels[:, :300] = 1
        project.write("a.png", labels, labels * 3)
        picture = thumbnail_of(project, project.record("a.png"))
    color = np.asarray(project.prompts.table().get(1).color)
    np.testing.assert_allclose(picture[20, 5], 0.45 * color, atol=1)
    assert not picture[20, 60].any()


def test_every_kind_of_image_has_a_small_picture(tmp_path):
    ramp = np.linspace(0, 65535, 300 * 200).reshape(200, 300).astype(np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([ramp] * 3), metadata={"axes": "ZYX"})
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    Image.fromarray((ramp >> 8).astype(np.uint8)).save(tmp_path / "gray.jpg")
    with Project.create(tmp_path) as project:
        for record in project:
            picture = thumbnail_of(project, record)
            assert picture.shape[0] <= THUMBNAIL_SIZE[1]
            assert picture.shape[1] <= THUMBNAIL_SIZE[0]
            assert picture[-1, -1].mean() > 200 > 50 > picture[0, 0].mean(), record.name


def test_an_image_that_cannot_be_read_has_none(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with Project.create(tmp_path) as project:
        assert thumbnail_of(project, project.record("a.png")) is None

"""The masks of a project in other formats: the same as the export of its masks folder, one image at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_cliptrase.batch.folder_export import FolderExport, ProjectMasks, export_folder_steps
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError, MaskFormatError
from napari_cliptrase.masks.images import with_images
from napari_cliptrase.masks.registry import FORMATS, read_masks
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.project.project import Project

PROMPTS = PromptSet.parse("sky\nsea")
Files = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def project(pictures: Callable[..., Path]) -> Iterator[Project]:
    """Four images, of which the last one has no mask."""
    with Project.create(pictures("photos", 4), PROMPTS) as made:
        for number, record in enumerate(list(made)[:3]):
            labels = np.zeros(made.image(record.name).array.shape[:2], np.uint8)
            labels[number : number + 20, 5:40] = 1 + number % 2
            made.take_result(record.name, {(): labels}, uncertainty=0.5)
        yield made


def exported(project: Project, formats: str, out: Path) -> ProjectMasks:
    masks = ProjectMasks(project)
    run_to_end(export_folder_steps(masks, FolderExport.parse(formats, out)))
    return masks


@pytest.mark.parametrize("key", ["coco", "voc", "png", "labelme", "yolo"])
def test_a_format_holds_the_bytes_that_an_export_of_the_masks_writes(
    project: Project, tmp_path: Path, key: str, files: Files
) -> None:
    exported(project, key, tmp_path / "together")
    masks = with_images(read_masks([project.paths.masks]), project.paths.folder)
    FORMATS[key].write(masks, tmp_path / "apart")
    assert files(tmp_path / "together" / key) == files(tmp_path / "apart")


def test_several_formats_get_a_folder_each_and_are_written_again_by_the_next_run(
    project: Project, tmp_path: Path, files: Files
) -> None:
    masks = exported(project, "coco, voc", tmp_path / "out")
    assert len(masks) == 3
    assert {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")} == {"coco", "voc"}
    before = visible(files(tmp_path / "out"))
    exported(project, "coco,voc", tmp_path / "out")
    assert visible(files(tmp_path / "out")) == before


def visible(files: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out the hidden list of what was written, which grows with each export."""
    return {name: content for name, content in files.items() if "/." not in name}


def test_a_damaged_mask_is_left_out_and_said(project: Project, tmp_path: Path) -> None:
    first, second, third, _ = [record.name for record in project]
    project.paths.mask(project.record(second).stem).write_bytes(b"damaged")
    masks = exported(project, "png", tmp_path / "out")
    assert list(masks.blocked) == [second]
    assert "cannot be read" in masks.blocked[second]
    written = {mask.stem for mask in FORMATS["png"].read(tmp_path / "out" / "png")}
    assert written == {project.record(name).stem for name in (first, third)}


def test_a_stack_stays_a_stack_where_the_format_holds_one(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    tifffile.imwrite(tmp_path / "stacks" / "s.tif", np.zeros((3, 20, 30), np.uint8), metadata={"axes": "ZYX"})
    labels = {(z,): np.full((20, 30), z % 2, np.uint8) for z in range(3)}
    with Project.create(tmp_path / "stacks", PROMPTS) as project:
        project.take_result("s.tif", {(1,): labels[(1,)]})
        exported(project, "tiff,png", tmp_path / "one")
        project.take_result("s.tif", labels)
        exported(project, "tiff,png", tmp_path / "all")
    assert [path.name for path in (tmp_path / "one" / "tiff").glob("*.tif")] == ["s_z1.tif"]
    (stack,) = FORMATS["tiff"].read(tmp_path / "all" / "tiff")
    assert stack.labels.shape == (3, 20, 30)
    assert np.array_equal(stack.labels, np.stack(list(labels.values())))
    assert len(list((tmp_path / "all" / "png").glob("*.png"))) == 3


def test_what_cannot_be_meant_is_refused_before_anything_is_written(project: Project, tmp_path: Path) -> None:
    with pytest.raises(MaskFormatError, match="no format 'cocoa'"):
        FolderExport.parse("coco,cocoa", tmp_path)
    with pytest.raises(MaskFormatError, match="names no format"):
        FolderExport.parse(" , ", tmp_path)
    with pytest.raises(CliptraseError, match="among the images"):
        FolderExport.parse("voc", project.paths.folder / "out").check_place(project)

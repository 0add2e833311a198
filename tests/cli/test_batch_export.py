"""What --export of a batch accepts, and what it says when there is nothing to write."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.batch.folder_export import FolderExport
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.batch_export import chosen_export, export_and_report
from napari_cliptrase.project.project import Project


def test_nothing_asked_for_is_no_export(tmp_path: Path) -> None:
    assert chosen_export(None, None) is None
    chosen = chosen_export("coco", tmp_path / "out")
    assert chosen is not None
    assert chosen.out == tmp_path / "out"


def test_only_images_with_a_mask_are_exported_and_that_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(photos / name)
    export = FolderExport.parse("png", tmp_path / "out")
    with Project.create(photos, PromptSet.parse("sky")) as project:
        assert export_and_report(project, export) == 0
        assert "no image has a mask yet" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
        project.take_result("a.png", {(): np.ones((8, 8), np.uint8)})
        assert export_and_report(project, export) == 0
    assert "Without a mask, so not in the export: 1 image." in capsys.readouterr().err
    assert (tmp_path / "out" / "png" / "a.png").exists()

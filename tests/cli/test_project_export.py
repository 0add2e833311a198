"""napari-cliptrase export of a project: all its images, or those that people have finished."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

Command = Callable[..., tuple[int, str, str]]
SHAPE = (12, 16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images of one name, an image without labels and one without a mask; the model's alone is b.png."""
    photos = tmp_path / "photos"
    (photos / "sub").mkdir(parents=True)
    for name in ("a.png", "a.bmp", "b.png", "sub/c.png", "new.png"):
        Image.new("RGB", SHAPE[::-1]).save(photos / name)
    with Project.create(photos, PromptSet.parse("cat\ndog")) as project:
        hand = np.full(SHAPE, Provenance.HAND, np.uint8)
        project.write("a.png", np.full(SHAPE, 1, np.uint8), hand)
        project.write("a.bmp", np.full(SHAPE, 2, np.uint8), hand)
        project.take_result("b.png", {(): np.full(SHAPE, 2, np.uint8)})
        project.set_state("a.png", State.DONE)
        project.set_state("a.bmp", State.REVIEWED)
        project.set_state("sub/c.png", State.EMPTY)
    return photos


@pytest.fixture
def exported(run_command: Command, folder: Path) -> Callable[..., tuple[set[str], str]]:
    """Export the project to COCO; returns the names of the images in it, and what was said."""

    def run(*words: str) -> tuple[set[str], str]:
        out = folder.parent / "coco.json"
        code, said, err = run_command("export", folder, "--to", "coco", "--out", out, "--overwrite", *words)
        assert code == 0, err
        return {image["file_name"] for image in json.loads(out.read_text())["images"]}, said + err

    return run


def test_images_are_named_as_they_are_also_where_two_share_a_name(
    exported: Callable[..., tuple[set[str], str]],
) -> None:
    names, said = exported()
    assert names == {"a.png", "a.bmp", "b.png", "sub/c.png"}
    assert "Without a mask, so not in the export: 1 image." in said


@pytest.mark.parametrize(
    ("which", "names"),
    [("finished", {"a.png", "a.bmp", "sub/c.png"}), ("reviewed", {"a.bmp"})],
)
def test_only_what_people_have_finished(
    exported: Callable[..., tuple[set[str], str]], which: str, names: set[str]
) -> None:
    found, said = exported("--only", which)
    assert found == names
    assert f"Not {which}, so not in the export: {5 - len(names)} images." in said


def test_a_damaged_mask_is_left_out_and_an_error(run_command: Command, folder: Path) -> None:
    (folder / "masks" / "b.png").write_bytes(b"damaged")
    out = folder.parent / "coco.json"
    code, _, err = run_command("export", folder, "--to", "coco", "--out", out)
    assert code != 0
    assert "NOT EXPORTED b.png" in err
    assert len(json.loads(out.read_text())["images"]) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("photos/masks", "--only", "finished"), "--only finished is for a project"),
        (("photos", "photos/masks"), "is a project; export it alone"),
        (("photos", "--images", "photos"), "which has its own classes and images"),
        (("photos", "--out", "photos/coco"), "lies among the images"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(
    run_command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(folder.parent)
    out = () if "--out" in words else ("--out", "coco.json")
    code, _, err = run_command("export", *words, "--to", "coco", *out)
    assert code != 0
    assert said in err
    assert not (folder.parent / "coco.json").exists()


def test_where_nothing_is_finished_nothing_is_written(run_command: Command, folder: Path) -> None:
    with Project.open(folder) as project:
        for name in ("a.png", "a.bmp", "sub/c.png"):
            project.set_state(name, State.IN_PROGRESS)
    out = folder.parent / "coco.json"
    code, _, err = run_command("export", folder, "--to", "coco", "--out", out, "--only", "finished")
    assert code != 0
    assert "is finished yet, so there is nothing to export" in err
    assert not out.exists()

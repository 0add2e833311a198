"""Masks of some images teach names that the model does not know; segment, batch and large use what was learned."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.demo.words import LABEL_NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.learn.lesson_file import read_lessons, write_lessons
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.project.project import Project

NAMES = ("quilox", "zarine")
PROMPTS = "; ".join(NAMES)
"""Everything but the sky, and the sky, under names that no model has words for."""
SKY = LABEL_NAMES.index("sky")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Six scenes with masks of two made-up classes, and one scene without."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    table = ClassTable((MaskClass(1, NAMES[0], (200, 0, 0)), MaskClass(2, NAMES[1], (0, 0, 200))))
    masks = []
    for seed in range(7):
        scene = paint_scene(seed, (160, 200))
        where = "photos" if seed < 6 else "more"
        (tmp_path / where).mkdir(exist_ok=True)
        Image.fromarray(scene.image).save(tmp_path / where / f"{seed}.png")
        masks.append(LabelImage(np.where(scene.labels == SKY, 2, 1).astype(np.uint8), table, stem=str(seed)))
    FORMATS["png"].write(masks[:6], tmp_path / "masks")
    FORMATS["coco"].write(
        [LabelImage(m.labels, table, stem=m.stem, image_name=f"{m.stem}.png") for m in masks[:6]],
        tmp_path / "coco.json",
    )
    np.save(tmp_path / "truth.npy", masks[6].labels)
    return tmp_path


@pytest.fixture
def command(run_command):
    """Run a command with the shipped model; returns exit code, output and errors."""
    return lambda name, *words: run_command(name, *words, "--model", "demo", "--detail", "coarse")


def right(found, folder):
    return (found == np.load(folder / "truth.npy")).mean()


@pytest.mark.parametrize("masks", ["masks", "coco.json"])
def test_what_masks_teach_is_found_in_the_next_image(command, folder, masks):
    code, out, _ = command("learn", "photos", "--masks", masks, "--out", "examples.npz")
    assert code == 0
    assert "12 examples (quilox 6, zarine 6) from 6 images are in examples.npz" in out
    command("segment", "more", "-p", PROMPTS, "--out", "alone")
    code, _, err = command("segment", "more", "-p", PROMPTS, "--out", "taught", "--examples", "examples.npz")
    assert code == 0, err
    alone, taught = (FORMATS["png"].read(folder / name / "6.png")[0].labels for name in ("alone", "taught"))
    assert right(alone, folder) < 0.5
    assert right(taught, folder) > 0.85
    record = json.loads((folder / "taught" / "records" / "6.json").read_text())
    assert record["provenance"][0]["examples"]["classes"] == {"quilox": 6, "zarine": 6}


def test_a_batch_uses_examples_and_does_images_again_when_they_change(command, folder):
    command("learn", "photos/0.png", "--masks", "masks", "--out", "examples.npz")
    code, _, err = command("batch", "more", "-p", PROMPTS, "--examples", "examples.npz")
    assert code == 0, err
    _, _, err = command("batch", "more", "--examples", "examples.npz")
    assert "0 images to segment" in err
    command("learn", "photos", "--masks", "masks", "--out", "examples.npz", "--add")
    _, _, err = command("batch", "more", "--examples", "examples.npz")
    assert "1 image to segment" in err
    with Project.open(folder / "more", write=False) as project:
        assert right(project.read("6.png").labels, folder) > 0.85


def test_a_large_image_uses_examples_of_the_same_detail(command, run_command, folder):
    command("learn", "photos", "--masks", "masks", "--out", "examples.npz")
    np.save("scan.npy", np.asarray(Image.open("more/6.png")))
    words = ("large", "scan.npy", "-p", f"{PROMPTS}; misspelt", "--examples", "examples.npz")
    code, _, err = command(*words)
    assert code == 0, err
    assert "No example is called misspelt" in err
    assert right(zarr.open_array(folder / "scan.labels.ome.zarr" / "0")[...], folder) > 0.85
    code, _, err = run_command(*words, "--model", "demo", "--detail", "full", "--out", "other.zarr")
    assert code == 1
    assert "made with other settings of the encoder" in err
    assert not (folder / "other.zarr").exists()


def test_adding_keeps_what_was_there_and_learning_anew_does_not(command, folder):
    command("learn", "photos/0.png", "--masks", "masks", "--out", "examples.npz")
    command("learn", "photos/1.png", "--masks", "masks", "--out", "examples.npz", "--add")
    assert read_lessons(folder / "examples.npz").counts() == {"quilox": 2, "zarine": 2}
    command("learn", "photos/2.png", "--masks", "masks", "--out", "examples.npz")
    assert read_lessons(folder / "examples.npz").counts() == {"quilox": 1, "zarine": 1}


def test_an_image_without_its_mask_is_named_and_the_others_are_learned_from(command, folder):
    Image.new("RGB", (64, 64)).save("photos/none.png")
    Image.new("RGB", (64, 64)).save("photos/small.png")
    Image.new("L", (30, 30), 1).save("masks/small.png")
    code, out, err = command("learn", "photos", "--masks", "masks", "--out", "examples.npz")
    assert code == 1
    assert "photos/none.png: masks holds no mask called 'none'; mask and image share their name." in err
    assert "photos/small.png: its mask has 30 × 30 pixels, not 64 × 64." in err
    assert "from 6 images" in out


def test_every_plane_of_a_stack_teaches(command, folder):
    scenes = [paint_scene(seed, (96, 96)) for seed in (0, 1)]
    tifffile.imwrite("stack.tif", np.stack([scene.image for scene in scenes]), metadata={"axes": "ZYXS"})
    labels = np.stack([np.where(scene.labels == SKY, 2, 1) for scene in scenes]).astype(np.uint8)
    table = ClassTable((MaskClass(1, NAMES[0], (200, 0, 0)), MaskClass(2, NAMES[1], (0, 0, 200))))
    FORMATS["tiff"].write([LabelImage(labels, table, axes="ZYX", stem="stack")], folder / "stacks")
    code, out, err = command("learn", "stack.tif", "--masks", "stacks", "--out", "examples.npz")
    assert (code, "quilox 2" in out) == (0, True), err


def test_examples_of_another_model_are_refused_before_anything_is_written(command, folder):
    command("learn", "photos/0.png", "--masks", "masks", "--out", "examples.npz")
    lessons = read_lessons(folder / "examples.npz")
    write_lessons(replace(lessons, model="another"), folder / "examples.npz")
    code, _, err = command("segment", "more", "-p", PROMPTS, "--out", "out", "--examples", "examples.npz")
    assert code == 1
    assert "The examples were made with another model than demo" in err
    assert not (folder / "out").exists()


def test_names_without_examples_are_named(command, folder):
    command("learn", "photos/0.png", "--masks", "masks", "--out", "examples.npz")
    prompts = ("-p", "quilox; zarin", "--out", "out")
    _, _, err = command("segment", "more", *prompts, "--examples", "examples.npz")
    assert "No example is called zarin; the name alone decides there. Examples are of quilox, zarine." in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["photos", "--masks", "nowhere", "--out", "e.npz"], "nowhere does not exist"),
        (["photos", "--masks", "masks", "--out", "masks"], "masks is a folder, but --out names a file"),
        (["photos", "--masks", "masks", "--out", "photos/0.png"], "photos/0.png is not a file of examples"),
        (["nothing", "--masks", "masks", "--out", "e.npz"], "There is no image to learn from"),
        (["photos", "--masks", "masks", "--out", "e.npz", "--settings", "no.json"], "no.json cannot be read"),
    ],
)
def test_wrong_words_are_reported_in_a_sentence(command, folder, arguments, message):
    code, _, err = command("learn", *arguments)
    assert code == 1
    assert message in err
    assert not (folder / "e.npz").exists()

"""napari-cliptrase batch: a folder to a project, again and again."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
Batch = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    scene = np.asarray(Image.open(GOLDEN / "images" / "photo_336.png").convert("RGB"))[::2, ::2]
    (tmp_path / "photos").mkdir()
    Image.fromarray(scene[:60, :90]).save(tmp_path / "photos" / "a.png")
    Image.fromarray(scene[60:150, :70]).save(tmp_path / "photos" / "b.jpg")
    (tmp_path / "photos" / "notes.txt").write_text("no image")
    return tmp_path / "photos"


@pytest.fixture
def batch(run_command: Batch) -> Batch:
    """Run the command with a small model; returns exit code, output and errors."""
    return lambda *words: run_command(
        "batch", *words, "--model", f"local-dir:{GOLDEN / 'toyclip'}", "--detail", "coarse"
    )


def test_a_folder_is_filled_and_the_second_time_nothing_is_left(batch: Batch, folder: Path) -> None:
    code, out, err = batch(folder, "--prompts", "sky; sea", "--dry-run")
    assert code == 0
    assert "each of its 2 images would be segmented" in out
    assert not (folder / ".cliptrase").exists()
    code, out, err = batch(folder, "--prompts", "sky; sea; tree")
    assert code == 0
    assert "2 images were segmented" in out
    assert "1 file is not an image" in err
    assert {path.name for path in (folder / "masks").glob("*.png")} == {"a.png", "b.png"}
    before = (folder / "masks" / "a.png").stat().st_mtime_ns
    code, out, _ = batch(folder, "--json")
    assert code == 0
    assert json.loads(out) == {"would": [], "done": [], "same": ["a.png", "b.jpg"], "finished": [], "failed": []}
    assert (folder / "masks" / "a.png").stat().st_mtime_ns == before


def test_what_a_full_disk_left_of_a_project_is_no_project_yet(batch: Batch, folder: Path) -> None:
    (folder / ".cliptrase").mkdir()
    assert "would become a project" in batch(folder, "--prompts", "sky; sea", "--dry-run")[1]
    code, out, err = batch(folder, "--prompts", "sky; sea")
    assert (code, "2 images were segmented" in out) == (0, True), err


def test_failures_are_listed_and_in_the_exit_code(batch: Batch, folder: Path) -> None:
    (folder / "bad.png").write_bytes(b"no image")
    code, out, err = batch(folder, "--prompts", "sky; sea")
    assert code != 0
    assert "FAILED bad.png" in err
    assert "1 of 3 images could not be segmented" in err
    code, out, _ = batch(folder, "--dry-run", "--json")
    assert code == 0
    assert json.loads(out)["would"] == ["bad.png"]


def test_what_cannot_be_meant_is_a_sentence(batch: Batch, folder: Path) -> None:
    assert "name its classes with --prompts" in batch(folder)[2]
    assert "name its classes with --prompts" in batch(folder, "--dry-run")[2]
    (folder / "none").mkdir()
    code, _, err = batch(folder / "none", "--prompts", "sky", "--dry-run")
    assert code != 0
    assert "holds no image" in err
    assert "give one of them" in batch(folder, "--prompts", "sky", "--workers", "2", "--scheduler", "tcp://x:1")[2]
    batch(folder, "--prompts", "sky; sea")
    code, _, err = batch(folder, "--prompts", "cat")
    assert code != 0
    assert "other classes" in err


def test_a_report_is_written_beside_the_images(batch: Batch, folder: Path) -> None:
    code, _, err = batch(folder, "--prompts", "sky", "--report")
    assert code == 0, err
    assert f"The report is {folder / 'report.html'}" in err
    assert "The most uncertain ones come first." in (folder / "report.html").read_text()


def test_the_project_remembers_how_boundaries_are_sharpened(batch: Batch, folder: Path) -> None:
    def remembered() -> str:
        return json.loads((folder / ".cliptrase" / "project.json").read_text())["refine"]

    assert batch(folder, "--prompts", "sky; sea", "--refine", "superpixels")[0] == 0
    assert remembered() == "superpixels"
    provenance = folder / ".cliptrase" / "provenance" / "a.png"
    refined = provenance.read_bytes()
    code, out, _ = batch(folder, "--json")
    assert code == 0
    assert json.loads(out)["same"] == ["a.png", "b.jpg"]
    assert "2 images were segmented" in batch(folder, "--no-refine")[1]
    assert remembered() == ""
    assert provenance.read_bytes() != refined
    assert "give one of them" in batch(folder, "--no-refine", "--refine", "superpixels")[2]


def test_pycocotools_reads_the_masks_of_the_folder_after_one_command(
    batch: Batch, folder: Path, run_command: Batch
) -> None:
    coco = pytest.importorskip("pycocotools.coco", reason="a reader that is not ours")
    batch(folder, "--prompts", "sky; sea; tree")
    target = folder.parent / "annotations.json"
    code, _, err = run_command("convert", folder / "masks", target, "--to", "coco", "--images", folder)
    assert code == 0, err
    read = coco.COCO(str(target))
    names = {image["file_name"]: image["id"] for image in read.loadImgs(read.getImgIds())}
    assert sorted(names) == ["a.png", "b.jpg"]
    for file_name, mask_name in (("a.png", "a.png"), ("b.jpg", "b.png")):
        expected = np.asarray(Image.open(folder / "masks" / mask_name))
        found = np.zeros_like(expected)
        for annotation in read.loadAnns(read.getAnnIds(imgIds=[names[file_name]])):
            found[read.annToMask(annotation).astype(bool)] = annotation["category_id"]
        assert np.array_equal(found, expected)


def test_masks_are_exported_in_the_same_go(batch: Batch, folder: Path) -> None:
    out = folder.parent / "out"
    code, said, err = batch(folder, "--prompts", "sky; sea", "--export", "coco,voc", "--out", out)
    assert code == 0, err
    assert "2 images were segmented" in said
    assert f"to {out / 'coco'}" in err
    images = json.loads((out / "coco" / "annotations.json").read_text())["images"]
    assert [image["file_name"] for image in images] == ["a.png", "b.jpg"]
    assert {path.name for path in (out / "voc" / "SegmentationClass").glob("*.png")} == {"a.png", "b.png"}
    code, _, err = batch(folder, "--export", "coco", "--out", out, "--dry-run")
    assert code == 0
    assert "All masks would be exported as COCO" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--export", "coco"), "Name the folder for --export with --out."),
        (("--out", "out"), "--out is for --export"),
        (("--export", "cocoa", "--out", "out"), "There is no format 'cocoa'"),
        (("--export", "coco", "--out", "notes.txt"), "is a file"),
        (("--images-at", "s3://bucket"), "--images-at is for workers"),
    ],
)
def test_an_export_or_a_place_that_cannot_be_meant_stops_the_batch_at_once(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(folder)
    code, _, err = batch(folder, "--prompts", "sky", *words)
    assert code != 0
    assert said in err
    assert not (folder / ".cliptrase").exists()


def test_a_damaged_mask_is_not_exported_and_in_the_exit_code(batch: Batch, folder: Path) -> None:
    batch(folder, "--prompts", "sky; sea")
    (folder / "masks" / "a.png").write_bytes(b"damaged")
    code, _, err = batch(folder, "--export", "voc", "--out", folder.parent / "out")
    assert code != 0
    assert "NOT EXPORTED a.png" in err
    assert "1 of 2 images could not be exported" in err


def test_some_planes_are_segmented_smoothly_and_the_others_stay(batch: Batch, folder: Path) -> None:
    stack = np.random.default_rng(0).integers(0, 900, (4, 40, 50)).astype(np.uint16)
    for path in list(folder.iterdir()):
        path.unlink()
    tifffile.imwrite(folder / "s.tif", stack, metadata={"axes": "ZYX"})
    assert batch(folder, "--prompts", "sky; sea; tree")[0] == 0
    before = {path.name: path.read_bytes() for path in (folder / "masks").rglob("*.png")}
    assert len(before) == 4
    code, out, err = batch(folder, "--planes", "1-2", "--smooth", "0.9")
    assert (code, "1 image was segmented" in out) == (0, True), err
    after = {path.name: path.read_bytes() for path in (folder / "masks").rglob("*.png")}
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed
    assert changed <= {sorted(after)[1], sorted(after)[2]}
    assert '"same": [\n  "s.tif"' in batch(folder, "--planes", "1-2", "--smooth", "0.9", "--json")[1]
    code, _, err = batch(folder, "--planes", "7")
    assert code == 1
    assert "no planes 7 to 7 along Z; the image has Z=0-3" in err
    code, _, err = batch(folder, "--smooth", "-1")
    assert (code, "--smooth -1 is not a share" in err) == (1, True), err

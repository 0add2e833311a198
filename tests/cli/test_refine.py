import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tifffile import imwrite
from typer.testing import CliRunner

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli.app import app
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.models.sam_network import SamShape, build_sam
from napari_cliptrase.refine.protocol import RefineResult
from napari_cliptrase.refine.superpixels import Superpixels

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    """An image of two halves with a square, a mask that is a few pixels off, and the true labels."""
    truth = np.ones((60, 80), np.uint8)
    truth[:, 43:] = 2
    truth[20:40, 10:30] = 3
    coarse = np.ones((60, 80), np.uint8)
    coarse[:, 40:] = 2
    coarse[17:41, 8:31] = 3
    shades = np.array([0, 30, 130, 240], np.uint8)
    Image.fromarray(shades[truth]).save(tmp_path / "photo.png")
    Image.fromarray(coarse).save(tmp_path / "mask.png")
    names = ClassTable.from_names("sea", "sand", "boat")
    (tmp_path / "mask.classes.json").write_text(names.to_json())
    return tmp_path / "photo.png", tmp_path / "mask.png", truth


def _run(*arguments: object) -> str:
    result = RUNNER.invoke(app, ["refine", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def _read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_boundaries_move_to_the_edges(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    image, mask, truth = files
    shown_text = _run(image, mask, "--method", "superpixels", "--out", tmp_path / "out" / "sharp.png")
    sharp = _read(tmp_path / "out" / "sharp.png")
    coarse = _read(mask)
    assert (sharp != truth).sum() < 0.3 * (coarse != truth).sum()
    assert f"Changed {(sharp != coarse).sum()} of 4800 pixels" in shown_text
    table = json.loads((tmp_path / "out" / "sharp.classes.json").read_text())
    assert [entry["name"] for entry in table["classes"]] == ["sea", "sand", "boat"]


def test_a_mask_can_be_refined_in_place(files: tuple[Path, Path, np.ndarray]) -> None:
    image, mask, truth = files
    before = _read(mask)
    _run(image, mask, "--method", "superpixels", "--out", mask)
    assert (_read(mask) != truth).sum() < (before != truth).sum()


def test_strength_never_keeps_every_pixel(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    image, mask, _ = files
    _run(image, mask, "--method", "superpixels", "--strength", "never", "--out", tmp_path / "o.png")
    assert np.array_equal(_read(tmp_path / "o.png"), _read(mask))


def test_a_band_keeps_what_is_farther_away(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    image, mask, _ = files
    _run(image, mask, "--method", "superpixels", "--strength", "band:1", "--out", tmp_path / "o.png")
    changed = _read(tmp_path / "o.png") != _read(mask)
    assert changed.any()
    assert not changed[:, 45:].any()
    assert not changed[:, 42:45].all(0)[1:].any()


def test_only_and_locked_classes(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    image, mask, _ = files
    coarse = _read(mask)
    _run(image, mask, "--method", "superpixels", "--class", "boat", "--out", tmp_path / "only.png")
    only = _read(tmp_path / "only.png")
    assert (only != coarse).any()
    assert np.array_equal(only[:, 35:], coarse[:, 35:])
    _run(image, mask, "--method", "superpixels", "--lock", "3", "--out", tmp_path / "locked.png")
    locked = _read(tmp_path / "locked.png")
    assert np.array_equal(locked == 3, coarse == 3)
    assert (locked != coarse).any()


def test_sam_checkpoints_are_taken_by_path(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    image, mask, _ = files
    torch.manual_seed(0)
    network = build_sam(SamShape(64, 8, 32, 2, 64, (4, 0), 32, decoder_mlp_width=32, iou_width=32))
    torch.save(network.state_dict(), tmp_path / "mine.pth")
    for method in ("sam-vote", "sam-prompts"):
        shown_text = _run(
            image, mask, "--method", method, "--sam", tmp_path / "mine.pth", "--out", tmp_path / f"{method}.png"
        )
        assert "Note: " in shown_text
        assert _read(tmp_path / f"{method}.png").shape == (60, 80)
    shown_text = _run(
        image,
        mask,
        "--sam",
        tmp_path / "mine.pth",
        "--method",
        "sam-vote",
        "--points",
        "2",
        "--out",
        tmp_path / "p.png",
    )
    assert "masks voted" in shown_text


def test_stacks_are_refined_plane_by_plane(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    image, mask, _ = files
    _run(image, mask, "--method", "superpixels", "--out", tmp_path / "single.png")
    imwrite(tmp_path / "stack.tif", np.stack([_read(image)] * 3), metadata={"axes": "ZYX"})
    imwrite(tmp_path / "labels.tif", np.stack([_read(mask)] * 3), metadata={"axes": "ZYX"})
    _run(
        tmp_path / "stack.tif",
        tmp_path / "labels.tif",
        "--method",
        "superpixels",
        "--to",
        "tiff",
        "--out",
        tmp_path / "o.tif",
    )
    from tifffile import imread

    refined = imread(tmp_path / "o.tif")
    assert refined.shape == (3, 60, 80)
    for plane in refined:
        assert np.array_equal(plane, _read(tmp_path / "single.png"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--class", "car"], r"no class 'car'; it has sea \(1\), sand \(2\), boat \(3\)"),
        (["--strength", "much"], "write never, free, or band:8"),
        (["--sam", "vit_x"], "'vit_x' is not a SAM model"),
        (["--to", "odd"], "no format 'odd'"),
        (["--method", "superpixels", "--points", "9"], "superpixels has no option points"),
        (["--method", "sam-prompts", "--sam", "nowhere.pth", "--points", "9"], "sam-prompts has no option points"),
    ],
)
def test_mistakes_are_sentences(
    files: tuple[Path, Path, np.ndarray], tmp_path: Path, options: list[str], expected: str
) -> None:
    image, mask, _ = files
    with pytest.raises(CliptraseError, match=expected):
        _run(image, mask, "--out", tmp_path / "o.png", *options)
    assert not (tmp_path / "o.png").exists()


def test_an_image_of_another_size_is_refused(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    _, mask, _ = files
    Image.fromarray(np.zeros((30, 30), np.uint8)).save(tmp_path / "other.png")
    with pytest.raises(CliptraseError, match="60 × 80 pixels and the image is 30 × 30"):
        _run(tmp_path / "other.png", mask, "--method", "superpixels", "--out", tmp_path / "o.png")


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_an_exception_leaves_the_file_byte_identical(
    files: tuple[Path, Path, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    image, mask, _ = files
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir() if path.is_file()}

    def failing(self: Superpixels, *_: object) -> RefineResult:
        raise error

    monkeypatch.setattr(Superpixels, "refine_steps", failing)
    result = RUNNER.invoke(app, ["refine", str(image), str(mask), "--method", "superpixels", "--out", str(mask)])
    assert result.exit_code != 0
    after = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir() if path.is_file()}
    assert after == before


def test_a_wrong_image_is_noticed_before_a_model_is_looked_for(
    files: tuple[Path, Path, np.ndarray], tmp_path: Path
) -> None:
    _, mask, _ = files
    Image.fromarray(np.zeros((30, 30), np.uint8)).save(tmp_path / "other.png")
    with pytest.raises(CliptraseError, match="60 × 80 pixels and the image is 30 × 30"):
        _run(tmp_path / "other.png", mask, "--sam", tmp_path / "nowhere.pth", "--out", tmp_path / "o.png")


@pytest.mark.parametrize(
    "options", [["--points", "0"], ["--points", "1000"], ["--quality", "1.5"], ["--quality", "-1"]]
)
def test_values_out_of_range_are_refused(
    files: tuple[Path, Path, np.ndarray], tmp_path: Path, options: list[str]
) -> None:
    image, mask, _ = files
    arguments = ["refine", str(image), str(mask), "--out", str(tmp_path / "o.png"), "--method", "sam-vote", *options]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 2
    assert "Invalid value" in result.output
    assert options[0] in result.output


def test_the_name_of_the_file_tells_the_format(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    from tifffile import imread

    image, mask, _ = files
    _run(image, mask, "--method", "superpixels", "--out", tmp_path / "o.png")
    _run(image, mask, "--method", "superpixels", "--out", tmp_path / "o.tif")
    assert (tmp_path / "o.tif").is_file()
    assert np.array_equal(imread(tmp_path / "o.tif"), _read(tmp_path / "o.png"))
    for name, expected in (
        ("o.json", "several formats; name one with --to: coco, "),
        ("o.jpg", "another format than"),
    ):
        with pytest.raises(CliptraseError, match=expected):
            _run(image, mask, "--sam", tmp_path / "nowhere.pth", "--out", tmp_path / name)
        assert not (tmp_path / name).exists()


def test_object_numbers_that_are_left_out_are_reported(files: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    image, mask, _ = files
    labels = _read(mask)
    numbered = LabelImage(
        stem="objects", labels=labels, classes=ClassTable.from_names("sea", "sand", "boat"), instances=labels.copy()
    )
    FORMATS["npz"].write(numbered, tmp_path / "objects.npz")
    shown_text = _run(image, tmp_path / "objects.npz", "--method", "superpixels", "--out", tmp_path / "o.npz")
    assert "Note: " in shown_text
    assert "numbers its objects" in shown_text
    assert "numbers its objects" not in _run(image, mask, "--method", "superpixels", "--out", tmp_path / "o.png")

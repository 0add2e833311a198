"""napari-cliptrase batch: a folder to a project, again and again."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
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
    assert "1 files are no images" in err
    assert {path.name for path in (folder / "masks").glob("*.png")} == {"a.png", "b.png"}
    before = (folder / "masks" / "a.png").stat().st_mtime_ns
    code, out, _ = batch(folder, "--json")
    assert code == 0
    assert json.loads(out) == {"would": [], "done": [], "same": ["a.png", "b.jpg"], "finished": [], "failed": []}
    assert (folder / "masks" / "a.png").stat().st_mtime_ns == before


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

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.class_counts import ImageCounts
from napari_cliptrase.evaluate.comparison import compare_logs
from napari_cliptrase.evaluate.score_log import ScoreLog


def made(path: Path, right: float, names: tuple[str, ...] = ("a", "b"), images: int = 30) -> Path:
    log = ScoreLog(path)
    log.begin({"row": path.stem, "images": {"kind": "test"}, "names": list(names), "model": "demo", "refine": None})
    rng = np.random.default_rng(0)
    for number in range(images):
        truth = rng.integers(0, 2, (20, 20)).astype(np.int32)
        found = np.where(rng.random((20, 20)) < right, truth, 1 - truth)
        log.add(f"image {number}", ImageCounts.of(truth, found, 2))
    return path


def test_a_clear_gain_is_sure_and_none_is_not(tmp_path: Path) -> None:
    worse, better = made(tmp_path / "worse.jsonl", 0.6), made(tmp_path / "better.jsonl", 0.8)
    said = CliRunner().invoke(app, ["evaluate", "compare", str(worse), str(better)]).stdout
    assert "row: worse → better" in said
    assert "on 30 images" in said
    assert "(sure)" in said
    again = CliRunner().invoke(app, ["evaluate", "compare", str(worse), str(worse)]).stdout
    assert "+0.00 points" in again
    assert "not sure" in again


def test_only_images_that_both_scored_count(tmp_path: Path) -> None:
    few, many = made(tmp_path / "few.jsonl", 0.6, images=5), made(tmp_path / "many.jsonl", 0.6)
    difference, images, _ = compare_logs(few, many)
    assert images == 5
    assert difference.score == 0


def test_what_cannot_be_compared_is_a_sentence(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one.jsonl", 0.6), made(tmp_path / "other.jsonl", 0.6, ("a", "c"))
    with pytest.raises(CliptraseError, match="score other classes"):
        compare_logs(one, other)
    with pytest.raises(CliptraseError, match="holds 2 logs"):
        compare_logs(tmp_path, one)
    with pytest.raises(CliptraseError, match="is not a folder"):
        compare_logs(tmp_path / "nowhere", one)

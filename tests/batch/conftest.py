"""Folders with a few small pictures, and a small model with quick settings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.batch.image_work import ImageWorker, RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.progress import run_to_end

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PROMPTS = PromptSet.parse("sky\nsea: water\ntree\nbackground: house")


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunSetup:
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    settings = Settings(detail=Detail.COARSE, templates=TemplateSet.SINGLE)
    return RunSetup(PROMPTS, settings, model=f"local-dir:{GOLDEN / 'toyclip'}", device="cpu")


@pytest.fixture
def worker(setup: RunSetup) -> ImageWorker:
    return run_to_end(ImageWorker.load_steps(setup))


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of pictures: ``pictures("one", 4)``."""
    scene = np.asarray(Image.open(GOLDEN / "images" / "photo_336.png").convert("RGB"))[::2, ::2]

    def make(name: str, count: int) -> Path:
        folder = tmp_path / name
        (folder / "sub").mkdir(parents=True)
        for number in range(count):
            cut = scene[3 * number % 60 :][:60, 5 * number % 60 :][:, :90]
            place = folder / "sub" if number % 3 == 2 else folder
            Image.fromarray(cut).save(place / f"{number:04}.png")
        return folder

    return make


@pytest.fixture
def files() -> Callable[[Path], dict[str, bytes]]:
    """Read every file of a folder but lock and index."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in ("lock.json", "lock.guard", "index.json")
        }

    return read

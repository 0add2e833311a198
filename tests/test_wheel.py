"""What is shipped: the wheel holds what users run, and nothing of how the models were trained."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as packed:
        yield packed


@pytest.fixture
def names(wheel):
    return wheel.namelist()


def test_training_stays_in_the_repository(names):
    assert [name for name in names if "/lab/" in name or "training" in name] == []


def test_weights_lists_and_manifest_are_shipped(names):
    for ending in (
        "napari.yaml",
        "py.typed",
        ".safetensors",
        "lists/voc.txt",
        "demo/weights/clip/open_clip_config.json",
    ):
        assert any(name.endswith(ending) for name in names), ending


def test_every_room_but_the_lab_is_shipped(names):
    rooms = {path.parent.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("__init__.py")}
    shipped = {name.rpartition("/")[0] for name in names if name.endswith("__init__.py")}
    assert rooms - shipped == {"napari_cliptrase/lab"}


def test_links_of_the_long_description_lead_somewhere_without_the_repository(wheel, names):
    (metadata,) = (name for name in names if name.endswith("/METADATA"))
    links = re.findall(r"\]\(([^)]+)\)", wheel.read(metadata).decode())
    assert len(links) > 20
    assert [link for link in links if not link.startswith("https://")] == []

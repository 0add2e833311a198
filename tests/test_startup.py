"""What a command waits for before it works: heavy packages are imported where they are needed and nowhere else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from napari_cliptrase.demo.world import paint_scene

SEGMENT = ["segment", "one.png", "--prompts", "sky; sea", "--out", "masks", "--model"]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(paint_scene(52, (160, 200)).image).save(tmp_path / "one.png")
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[str, set[str]]:
    """Run the command; return what it said and the top packages that it imported."""
    code = (
        "import json, sys; from napari_cliptrase.cli import main\n"
        f"sys.argv = ['napari-cliptrase', *{list(arguments)!r}]\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    *output, modules = done.stderr.splitlines()
    return done.stdout + "\n".join(output), set(json.loads(modules))


def test_segmenting_with_the_demo_model_imports_no_open_clip(picture: Path) -> None:
    output, modules = run(picture, *SEGMENT, "demo")
    assert "Wrote the mask" in output
    assert (picture / "masks" / "one.png").is_file()
    assert "torch" in modules
    assert not modules & {"open_clip", "timm", "torchvision", "segment_anything", "transformers", "triton", "skimage"}


def test_refining_with_sam_imports_no_torchvision(picture: Path) -> None:
    for method in ("sam-vote", "sam-prompts"):
        output, modules = run(picture, *SEGMENT, "demo", "--refine", method, "--overwrite")
        assert "Wrote the mask" in output
        assert not modules & {"open_clip", "timm", "torchvision", "segment_anything", "triton"}


@pytest.mark.parametrize("model", ["local-dir:nowhere", "ViT-B-16=nowhere.pt", "gone.safetensors"])
def test_a_missing_model_is_reported_before_torch_is_imported(picture: Path, model: str) -> None:
    output, modules = run(picture, *SEGMENT, model)
    assert "does not exist" in output
    assert not modules & {"torch", "open_clip", "scipy"}


def test_a_missing_sam_is_reported_before_torch_is_imported(picture: Path) -> None:
    output, modules = run(picture, *SEGMENT, "demo", "--refine", "sam-vote", "--sam", "nowhere.pth")
    assert "There is no SAM checkpoint" in output
    assert not modules & {"torch", "segment_anything", "scipy"}


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    output, modules = run(tmp_path, "--help")
    assert "segment" in output
    assert not modules & {"torch", "open_clip", "scipy", "skimage", "napari", "qtpy", "huggingface_hub"}

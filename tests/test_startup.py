"""What a command waits for before it works: heavy packages are imported where they are needed and nowhere else."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
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
    assert not modules & {"torch", "open_clip", "numpy", "scipy", "skimage", "napari", "qtpy", "huggingface_hub"}


@pytest.mark.parametrize(
    ("words", "proposed"), [(["segmant"], "segment"), (["evaluate", "ade15"], "ade150"), (["models", "lst"], "list")]
)
def test_a_mistyped_command_is_answered_with_the_right_one(words: list[str], proposed: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert f"No such command '{words[-1]}'. Did you mean '{proposed}'" in result.stderr


WALL = """
import builtins, os, sys
from napari_cliptrase.cli import main

imported = builtins.__import__

def wall(name, *rest, **named):
    if name.partition(".")[0] in {"torch", "open_clip", "timm", "napari", "huggingface_hub", "distributed"}:
        sys.stderr.flush()
        os._exit(9)
    return imported(name, *rest, **named)

builtins.__import__ = wall
main()
"""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("segment one.png -p sky -o out -m demo", "Segmenting one.png with demo; masks go to out"),
        ("batch . -p sky -m demo", "Looking at the images of ."),
        ("large scan.npy -p sky -m demo", "Opening scan.npy"),
        (
            "learn one.png --masks mask.png -o learned.npz -m demo",
            "Learning from one.png with demo; examples go to learned.npz",
        ),
        ("explain one.png -p sky -o figures -m demo", "Explaining one.png with demo; figures go to figures"),
        ("refine one.png mask.png -o out.png", "Refining mask.png along one.png"),
        ("export mask.png --to coco -o a.json", "Exporting mask.png to COCO"),
        ("convert mask.png a.json --to coco", "Converting mask.png to COCO"),
        ("demo --headless", "Painting a scene into cliptrase-demo"),
        ("evaluate painted-world --scenes 2", "Scoring demo on 2 painted scenes"),
        ("evaluate refinement --scenes 2 --method superpixels", "Scoring superpixels on 2 painted scenes"),
        ("evaluate long-lists --scenes 2", "Scoring demo on 2 painted scenes"),
        ("evaluate sam --scenes 2", "Scoring demo on 2 painted scenes"),
        ("evaluate annotator --scenes 2", "evaluate annotator: getting ready"),
        ("evaluate learning --corrected 0,1 --scored 1", "evaluate learning: getting ready"),
        ("models", "Looking for models in "),
        ("models download ViT-B-16/openai", "Looking for ViT-B-16/openai"),
        ("models verify demo", "Reading demo again"),
        ("doctor", "Checking the installation"),
        ("bench", "Measuring speed and memory on this computer; takes about three minutes"),
    ],
)
def test_each_command_says_what_it_works_on_before_heavy_packages_come(
    picture: Path, arguments: str, says: str
) -> None:
    Image.new("L", (200, 160)).save(picture / "mask.png")
    np.save(picture / "scan.npy", np.zeros((160, 200, 3), np.uint8))
    done = subprocess.run(
        [sys.executable, "-c", WALL, *arguments.split()], cwd=picture, capture_output=True, text=True, check=False
    )
    # some say what they work on once they know it, after they have said that they work
    assert any(line.startswith(says) for line in done.stderr.splitlines())


@pytest.mark.parametrize("words", [("painted-world", "--scenes", "0"), ("voc20", "--root", "missing")])
def test_an_evaluation_speaks_before_it_imports(words: tuple[str, ...]) -> None:
    code = f"import sys; sys.argv = ['napari-cliptrase', 'evaluate', *{words!r}]\n"
    code += "from napari_cliptrase.cli import main; main()"
    said = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True).stderr
    assert said.index(f"evaluate {words[0]}: getting ready") < said.index("napari_cliptrase.evaluate.")

"""Ctrl-C in the real commands, in processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.cli.interrupts import EXIT_CODE, Stopped, message_when_stopped
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

PRESSED = """
import builtins, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run in the background, where it is ignored
from napari_cliptrase.cli import main

at, before = sys.argv.pop(1), sys.argv.pop(1)
imported = builtins.__import__

def pressing(name, *rest, **named):
    if name == at:
        builtins.__import__ = imported
        os.kill(os.getpid(), signal.SIGINT)
        if before == "breaks":
            raise ImportError("cut off")
    return imported(name, *rest, **named)

builtins.__import__ = pressing
main()
"""


def press(folder: Path, at: str, *arguments: str, how: str = "stops") -> subprocess.CompletedProcess[str]:
    """Run a command in which Ctrl-C comes when it imports something."""
    command = [sys.executable, "-c", PRESSED, at, how, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (32, 24)).save(tmp_path / name)
    FORMATS["png"].write(LabelImage(np.ones((24, 32), np.uint8), stem="mask"), tmp_path / "masks")
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
@pytest.mark.parametrize(
    ("at", "arguments", "says"),
    [
        (
            "napari_cliptrase.cli.app",
            "export masks --to coco -o a.json",
            "Stopped before it began. Nothing was written",
        ),
        ("napari_cliptrase.masks.registry", "export masks --to coco -o a.json", "Stopped before it began. Nothing"),
        ("torch", "segment a.png b.png -p sky -o out -m demo", "0 images were segmented; not segmented: a.png, b.png."),
        ("napari_cliptrase.batch.batch_plan", "batch . -p sky -m demo", "No image was segmented; the same command"),
        ("torch", "batch . -p sky -m demo", "0 of 2 images were segmented; the same command does the rest."),
        ("torch", "refine a.png masks/mask.png -o s.png", "Nothing was written to s.png"),
        (
            "skimage.measure",
            "convert masks a.json --to coco-polygons",
            "Nothing was written to a.json; what was there is as it was.",
        ),
        ("torch", "evaluate painted-world --scenes 3", "Stopped after 0 of 3 scenes"),
        ("torch", "bench", "Stopped while it measured: nothing yet. Measured were: nothing."),
        ("torch", "doctor", "the report is not complete"),
        ("huggingface_hub", "models download vit_b vit_h", "Downloaded: none; not yet: vit_b, vit_h."),
        ("torch", "demo --headless", "0 images were segmented; not segmented: cliptrase-demo/scene.png."),
    ],
)
def test_each_command_says_what_was_finished_and_what_was_not(folder: Path, at: str, arguments: str, says: str) -> None:
    done = press(folder, at, *arguments.split())
    assert done.returncode == EXIT_CODE, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_an_import_that_breaks_because_of_it_is_no_error_of_ours(folder: Path) -> None:
    done = press(folder, "torch", "segment", "a.png", "-p", "sky", "-o", "out", "-m", "demo", how="breaks")
    assert done.returncode == EXIT_CODE, done.stderr
    assert "not segmented: a.png" in done.stderr


def test_what_is_raised_without_ctrl_c_stays_as_it_is() -> None:
    with pytest.raises(ValueError, match="mine"), message_when_stopped(lambda: "stopped"):
        raise ValueError("mine")


@pytest.fixture
def listening() -> Iterator[None]:
    """Ctrl-C is not ignored, as it is where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_the_handler_of_before_is_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped, match="two of three"), message_when_stopped(lambda: "two of three"):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before

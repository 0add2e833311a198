import builtins
import json
import re
import tomllib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from napari_cliptrase.cli import checks, desktop
from napari_cliptrase.cli.app import app
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.models import catalog

Installed = Callable[..., None]


@pytest.fixture(autouse=True)
def healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer where everything is in place; returns the folder of its demo weights."""
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(desktop, "missing_libraries", lambda: ())
    monkeypatch.setattr(desktop, "has_display", lambda: True)
    monkeypatch.delenv("QT_API", raising=False)
    weights = tmp_path / "weights"
    for kind in ("clip", "sam"):
        (weights / kind).mkdir(parents=True)
        save_file({"a": torch.zeros(3)}, weights / kind / "model.safetensors")
    monkeypatch.setattr(catalog, "demo_folder", lambda kind: weights / kind)
    return weights


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Tell which modules beside the dependencies are installed; all of the desktop's by default."""
    find = checks.find_spec
    optional = {
        "napari",
        "PyQt6",
        "PySide6",
        "PyQt5",
        "PySide2",
        "transformers",
        "mobile_sam",
        "roifile",
        "nibabel",
        "zarr",
        "distributed",
        "matplotlib",
    }

    def choose(*names: str) -> None:
        there = {name: object() if name in names else None for name in optional}
        monkeypatch.setattr(checks, "find_spec", lambda name: there[name] if name in there else find(name))

        def version(package: str) -> str:
            if package in optional and package not in names:
                raise PackageNotFoundError(package)
            return "1.2.3"

        monkeypatch.setattr(checks, "version", version)
        point = type("Point", (), {"name": "napari-cliptrase"})
        monkeypatch.setattr(checks, "entry_points", lambda group: [point()] if "napari" in names else [])

    choose("napari", "PyQt6")
    return choose


def run() -> tuple[int, str]:
    result = CliRunner().invoke(app, ["doctor"])
    return result.exit_code, result.output


def findings() -> dict[str, Any]:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    return {entry["topic"]: entry for entry in json.loads(result.stdout) if entry["topic"] != "Optional"}


def test_a_healthy_computer() -> None:
    code, text = run()
    assert code == 0
    assert "Everything needed is there." in text
    found = findings()
    assert found["Device"]["text"].startswith("Runs on ")
    assert "open_clip_torch 1.2.3" in found["Packages"]["text"]
    assert found["Qt"]["text"] == "PyQt6 1.2.3"
    assert "GB free" in found["Cache"]["text"]
    assert found["Photographs"]["cure"] == "napari-cliptrase models download ViT-B-16/openai"


def test_missing_libraries_come_with_the_command(monkeypatch: pytest.MonkeyPatch, installed: Installed) -> None:
    monkeypatch.setattr(desktop, "missing_libraries", lambda: ("libEGL.so.1", "libxcb-cursor.so.0"))
    code, text = run()
    assert code == 1
    assert "missing: libEGL.so.1, libxcb-cursor.so.0" in text
    # on one line, so that it can be copied
    assert "-> sudo apt-get install -y libegl1 libxcb-cursor0\n" in text
    installed("PyQt6")
    assert run()[0] == 0, "without napari nobody misses them"


def test_a_server_without_napari_is_healthy(installed: Installed) -> None:
    installed()
    code, text = run()
    assert code == 0
    assert "the command line works without it" in text
    assert "pip install 'napari-cliptrase[all]'" in text


def test_napari_without_qt_is_not(installed: Installed) -> None:
    installed("napari")
    code, text = run()
    assert code == 1
    assert "no Qt binding is installed" in text


def test_no_display_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop, "has_display", lambda: False)
    monkeypatch.setattr(desktop, "has_virtual_display", lambda: True)
    assert run()[0] == 0
    assert findings()["Display"]["cure"] == "xvfb-run -a COMMAND"


def test_damaged_and_missing_demo_weights_are_found(healthy: Path) -> None:
    weights = healthy / "clip" / "model.safetensors"
    weights.with_name("model.safetensors.sha256").write_text(f"{'0' * 64}  model.safetensors\n")
    (healthy / "sam" / "model.safetensors").unlink()
    assert run()[0] == 1
    found = findings()
    assert "is damaged: its SHA-256 is" in found["Demo model"]["text"]
    assert found["Demo SAM"]["text"] == "its weights are missing"


def test_a_torch_that_cannot_be_imported_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def broken(name: str, *args: Any) -> Any:
        if name == "torch":
            raise OSError("[WinError 1114] Error loading c10.dll or one of its dependencies.")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", broken)
    finding = findings()["torch"]
    assert finding["state"] == "bad"
    assert "c10.dll" in finding["text"]


def test_a_cache_that_cannot_be_written_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "file"))
    finding = findings()["Cache"]
    assert finding["state"] == "bad"
    assert str(tmp_path / "file") in finding["text"]


def test_optional_parts_name_their_extra(installed: Installed) -> None:
    installed("roifile")
    text = run()[1]
    assert "ok  Optional          roifile 1.2.3: ImageJ regions" in text
    assert "-> pip install 'napari-cliptrase[nifti]'\n" in text


def extra(name: str, offered: dict[str, list[str]]) -> set[str]:
    """Packages of an extra of this project, also of extras within it."""
    found = set()
    for wanted in offered[name]:
        package, inside = re.fullmatch(r"([\w-]+)(?:\[([\w,-]+)\])?.*", wanted).groups()  # type: ignore[union-attr]
        if package == "napari-cliptrase":
            found |= set().union(*(extra(other, offered) for other in inside.split(",")))
        else:
            found.add(package)
    return found


def test_the_extra_all_leaves_nothing_that_is_optional_to_be_missed(installed: Installed) -> None:
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as stream:
        offered = tomllib.load(stream)["project"]["optional-dependencies"]
    brought = extra("all", offered)
    needed = {form.module for form in FORMATS.values() if form.module}
    assert brought >= needed | {package for package, *_ in checks.EXTRAS}
    assert {name for *_, name in checks.EXTRAS} <= set(offered)
    installed("PyQt6", *brought)
    output = CliRunner().invoke(app, ["doctor", "--json"]).stdout
    notes = {entry["topic"] for entry in json.loads(output) if entry["state"] != "ok"}
    assert notes <= {"Photographs", "Threads"}  # weights to download, and how busy this computer may be

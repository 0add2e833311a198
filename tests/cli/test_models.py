import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models import catalog, folders


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    # as if the package came without weights: what is shipped is no matter here
    monkeypatch.setattr(catalog, "demo_folder", lambda kind: tmp_path / "shipped" / kind)
    return tmp_path / "cache"


def run(*words: str) -> tuple[int, str]:
    """Exit code, and what the user reads; a user's mistake counts as the command's main does."""
    result = CliRunner().invoke(app, ["models", *words], env={"COLUMNS": "200"})
    if isinstance(result.exception, CliptraseError):
        return 1, f"{result.stdout}{result.exception}"
    return result.exit_code, result.stdout


def put(path: Path, data: bytes = b"weights", expected: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if expected is not None:
        path.with_name(path.name + ".sha256").write_text(f"{hashlib.sha256(expected).hexdigest()}  {path.name}\n")
    return path


@pytest.fixture
def sam(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> Path:
    """vit_b as a file of a few bytes; the return value is where it belongs."""
    data = b"weights"
    address = put(tmp_path / "server" / "sam.pth", data).as_uri()
    checkpoint = catalog.Checkpoint(address, "sam_vit_b_01ec64.pth", hashlib.sha256(data).hexdigest(), len(data))
    entry = catalog.ModelEntry("vit_b", "SAM", "sam", len(data), "", checkpoint=checkpoint)
    monkeypatch.setattr(catalog, "SAM_MODELS", (entry,))
    return cache / "sam" / checkpoint.filename


def test_the_list_shows_names_sizes_states_and_places(cache: Path) -> None:
    path = put(folders.clip_folder("ViT-B-32/openai") / "open_clip_model.safetensors", bytes(2_400_000))
    code, text = run()
    assert code == 0
    line = next(line for line in text.splitlines() if "ViT-B-16/openai" in line)
    assert "598 MB" in line
    assert "to download" in line
    line = next(line for line in text.splitlines() if "ViT-B-32/openai" in line)
    assert "2.4 MB" in line
    assert "cached" in line
    assert str(path) in text.replace("\n", "").replace(" ", "")
    assert f"Downloads go to {cache}" in text


def test_json_is_for_programs() -> None:
    path = put(folders.clip_folder("ViT-B-16/openai") / "open_clip_model.safetensors")
    code, text = run("--json")
    assert code == 0
    assert run("list", "--json") == (0, text)
    entry = next(entry for entry in json.loads(text) if entry["name"] == "ViT-B-16/openai")
    assert entry["state"] == "cached"
    assert entry["path"] == str(path)
    assert entry["size_bytes"] == 7


def test_download_brings_a_file_once(sam: Path) -> None:
    assert run("download", "vit_b") == (0, f"vit_b: downloaded to {sam}\n")
    assert run("download", "vit_b") == (0, f"vit_b: already there, {sam}\n")


def test_download_replaces_a_damaged_file(sam: Path) -> None:
    put(sam, b"w3ights")
    assert run("download", "vit_b") == (0, f"vit_b: downloaded to {sam}\n")
    assert sam.read_bytes() == b"weights"


def test_download_of_what_cannot_work_is_one_sentence() -> None:
    code, text = run("download", "RN50/openai")
    assert code == 1
    assert "ResNet" in text
    code, text = run("download", "vit_x")
    assert code == 1
    assert "does not know the architecture 'vit_x'" in text


def test_verify_tells_whole_from_damaged(sam: Path) -> None:
    put(sam)
    clip = put(folders.clip_folder("ViT-B-16/openai") / "open_clip_model.safetensors", b"decayed", b"as it was")
    unknown = folders.clip_folder("ViT-B-32/openai") / "open_clip_model.safetensors"
    put(unknown)
    save_file({"a": torch.zeros(3)}, unknown)
    broken = put(folders.clip_folder("ViT-L-14/openai") / "open_clip_model.safetensors", b"random bytes" * 100)
    archive = put(folders.openai_folder() / "ViT-H-14.pt")  # not one of OpenAI's: nothing looks for it
    put(folders.openai_folder() / "ViT-L-14-336px.pt", b"random bytes")
    code, text = run("verify")
    assert code == 1
    assert f"vit_b: whole, {sam}" in text
    assert f"ViT-B-16/openai: DAMAGED, {clip}" in text
    assert hashlib.sha256(b"as it was").hexdigest() in text
    assert f"ViT-B-32/openai: it opens, but its published hash is not known, {unknown}" in text
    assert f"ViT-L-14/openai: DAMAGED, {broken} is damaged" in text
    assert "must be 3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02" in text  # OpenAI's own
    assert str(archive) not in text
    assert "get them again with: napari-cliptrase models download NAME" in text
    assert run("verify", "vit_b")[0] == 0
    assert run("verify", "ViT-B-16/openai")[0] == 1


def test_verify_reads_the_bytes_and_not_its_memory(sam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr("napari_cliptrase.models.verify.SMALL_FILE", 1)
    put(sam)
    assert run("verify", "vit_b")[0] == 0
    stat = sam.stat()
    put(sam, b"w3ights")
    os.utime(sam, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert run("verify", "vit_b")[0] == 1


def test_verify_of_what_is_not_there() -> None:
    assert run("verify") == (0, "There are no weights on this computer yet.\n")
    code, text = run("verify", "ViT-B-16/openai")
    assert code == 1
    assert "'ViT-B-16/openai' is not on this computer" in text

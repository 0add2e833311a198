import subprocess
import sys
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch

from napari_cliptrase.models import folders
from napari_cliptrase.models.catalog import DEFAULT_CLIP, DEFAULT_SAM, find_entry, list_models, readable_size


def entry(name: str, kind: Any = None) -> Any:
    found = find_entry(name, kind)
    assert found is not None
    return found


def test_the_list_costs_no_torch() -> None:
    code = (
        "import sys; from napari_cliptrase.models import list_models; assert list_models();"
        "print(sorted({'torch', 'open_clip', 'napari', 'qtpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_recommended_models_are_those_that_open_clip_publishes() -> None:
    for model in list_models("clip"):
        if model.name == "demo":
            continue
        architecture, tag = model.name.split("/")
        config = open_clip.get_model_config(architecture)
        with torch.device("meta"):
            values = sum(tensor.numel() for tensor in open_clip.CLIP(**config).state_dict().values())
        assert model.repository == open_clip.get_pretrained_cfg(architecture, tag)["hf_hub"].rstrip("/")
        assert model.size_bytes == 4 * values


def test_demo_is_shipped_and_the_rest_is_to_download() -> None:
    states = {(model.kind, model.name): model.state for model in list_models()}
    assert {states.pop(("clip", "demo")), states.pop(("sam", "demo"))} == {"shipped"}
    assert set(states.values()) == {"to download"}
    assert ("clip", DEFAULT_CLIP) in states
    assert ("sam", DEFAULT_SAM) in states


@pytest.mark.parametrize(
    ("place", "filename"),
    [
        ("ours", "open_clip_model.safetensors"),
        ("ours", "renamed.safetensors"),
        ("ours", "ViT-B-16.pt"),
        ("openai", "ViT-B-16.pt"),
        ("hub", "open_clip_model.safetensors"),
        ("hub", "open_clip_pytorch_model.bin"),
    ],
)
def test_cached_weights_are_found_where_programs_put_them(tmp_path: Path, place: str, filename: str) -> None:
    folder = {
        "ours": folders.clip_folder("ViT-B-16/openai"),
        "openai": tmp_path / "home/.cache/clip",
        "hub": tmp_path / "hub/models--timm--vit_base_patch16_clip_224.openai/snapshots/abc",
    }[place]
    folder.mkdir(parents=True)
    (folder / filename).write_bytes(b"12345")
    found = entry("ViT-B-16/openai")
    assert (found.state, found.path, found.size_bytes) == ("cached", folder / filename, 5)


def test_half_a_download_does_not_count(tmp_path: Path) -> None:
    folder = folders.clip_folder("ViT-B-16/openai")
    folder.mkdir(parents=True)
    (folder / "open_clip_model.safetensors.part").write_bytes(b"1")
    snapshot = tmp_path / "hub/models--timm--vit_base_patch16_clip_224.openai/snapshots/abc"
    snapshot.mkdir(parents=True)
    (snapshot / "open_clip_model.safetensors").symlink_to("../../blobs/gone")
    assert entry("ViT-B-16/openai").state == "to download"


def test_the_snapshot_of_main_comes_first(tmp_path: Path) -> None:
    home = tmp_path / "hub/models--timm--vit_base_patch16_clip_224.openai"
    for commit in ("aaa", "bbb", "ccc"):
        (home / "snapshots" / commit).mkdir(parents=True)
        (home / "snapshots" / commit / "open_clip_model.safetensors").write_text(commit)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("bbb\n")
    path = entry("ViT-B-16/openai").path
    assert path.parent.name == "bbb"


def test_other_downloaded_models_are_listed() -> None:
    for name in ("ViT-S-16/mine", "hf-hub:lab/clip"):
        folder = folders.clip_folder(name)
        folder.mkdir(parents=True)
        (folder / "open_clip_model.safetensors").write_bytes(b"1")
        assert entry(name).state == "cached"


def test_sam_checkpoints_lie_in_their_folder(cache: Path) -> None:
    checkpoint = entry("vit_b", "sam").checkpoint
    path = cache / "sam" / checkpoint.filename
    path.parent.mkdir(parents=True)
    path.write_bytes(b"1")
    assert entry("vit_b").path == path
    assert entry("vit_l").state == "to download"


@pytest.mark.parametrize(
    ("size", "text"), [(0, ""), (40_000, "0.0 MB"), (2_400_000, "2.4 MB"), (598_482_948, "598 MB"), (1.7e9, "1.7 GB")]
)
def test_sizes_read_well(size: int, text: str) -> None:
    assert readable_size(size) == text

import hashlib
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import checkpoint
from napari_cliptrase.models.checkpoint import is_torchscript, read_tensors
from napari_cliptrase.models.load import load_model

WEIGHTS = {"image_encoder.pos_embed": torch.ones(1, 2, 2, 4), "mask_decoder.iou_token.weight": torch.zeros(1, 4)}


def read(path: Path) -> dict[str, torch.Tensor]:
    return read_tensors(path, hashlib.sha256(path.read_bytes()).hexdigest(), "fetch it again")


def prefixed(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in WEIGHTS.items()}


@pytest.fixture
def archive(tiny_module: Any, tmp_path: Path) -> Path:
    """The weights of the small model as OpenAI publishes them: a TorchScript archive."""

    class Holder(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    holder = Holder()
    for name, module in tiny_module.named_children():
        holder.add_module(name, module)
    for name, parameter in tiny_module.named_parameters(recurse=False):
        holder.register_parameter(name, parameter)
    holder.register_buffer("context_length", torch.tensor(77))
    path = tmp_path / "ViT-Tiny.pt"
    torch.jit.save(torch.jit.trace(holder, torch.zeros(1)), path)
    return path


class Evil:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, (f"open({str(self.trace)!r}, 'w')",))


def test_a_pickle_that_runs_code_is_not_opened(tmp_path: Path) -> None:
    path, trace = tmp_path / "evil.pt", tmp_path / "was-here"
    torch.save({"w": torch.zeros(1), "evil": Evil(trace)}, path)
    with pytest.raises(ModelError, match="could run code"):
        read(path)
    path.write_bytes(pickle.dumps({"evil": Evil(trace)}))
    with pytest.raises(ModelError):
        read(path)
    assert not trace.exists()


def test_a_torchscript_archive_is_not_opened_when_its_hash_is_foreign(archive: Path) -> None:
    with pytest.raises(ModelError, match=r"is a TorchScript archive.*not one of OpenAI's"):
        read(archive)


def test_a_known_torchscript_archive_gives_its_weights(
    archive: Path, tiny_module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {hashlib.sha256(archive.read_bytes()).hexdigest(): "ViT-Tiny"}
    monkeypatch.setattr(checkpoint, "openai_hashes", lambda: known)
    weights = read(archive)
    assert weights.keys() == tiny_module.state_dict().keys()
    for name, tensor in tiny_module.state_dict().items():
        torch.testing.assert_close(weights[name], tensor)


def test_a_known_archive_brings_its_architecture_and_activation(
    archive: Path, tiny_tags: dict[str, dict[str, Any]], write_tiny: Callable[..., Path]
) -> None:
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    tiny_tags["openai"]["url"] = f"https://example.org/clip/models/{sha256}/ViT-Tiny.pt"
    model = load_model(str(archive))
    assert model.name == f"ViT-Tiny-quickgelu={archive}"
    assert load_model(f"ViT-Tiny={archive}").name == model.name
    # where OpenAI's own package puts it
    own = Path.home() / ".cache" / "clip" / "ViT-Tiny.pt"
    own.parent.mkdir(parents=True)
    archive.rename(own)
    assert load_model("ViT-Tiny/openai").weights_sha256 == sha256


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.bin"])
@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04 cut off", b"\x80\x02 cut off", bytes(500)])
def test_damage_is_one_sentence_with_name_hash_and_cure(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read(path)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    if "could run code" not in text:
        assert hashlib.sha256(content).hexdigest() in text
        assert "fetch it again" in text


@pytest.mark.parametrize("content", [{}, [1, 2], {"epoch": 3}, {"state_dict": {"a": 3}}, torch.zeros(2)])
def test_a_file_without_weights_says_so(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="holds no weights by name"):
        read(tmp_path / "w.pt")


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        prefixed("module."),
        {"model_state": prefixed("sam."), "optimizer_state": {"step": 3}, "epoch": 7, "best_metric": 0.5},
        {"state_dict": prefixed("model.")},
        {"model": prefixed("module."), "epoch": 3, "optimizer": {"param_groups": []}},
        {"state_dict": prefixed("module.sam_model.")},
    ],
)
def test_weights_are_found_in_every_wrapper(tmp_path: Path, content: dict[str, Any]) -> None:
    torch.save(content, tmp_path / "w.pth")
    found = read(tmp_path / "w.pth")
    assert found.keys() == WEIGHTS.keys()
    assert torch.equal(found["image_encoder.pos_embed"], WEIGHTS["image_encoder.pos_embed"])


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(prefixed("sam."), tmp_path / "sam.safetensors")
    assert read(tmp_path / "sam.safetensors").keys() == WEIGHTS.keys()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_truncated_files_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    if suffix == ".pth":
        torch.save(WEIGHTS, path)
    else:
        save_file(WEIGHTS, path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match=rf"cut\{suffix} is damaged .*; fetch it again"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"<html>404</html>"])
def test_a_file_that_is_no_pytorch_file_is_called_that(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"page\.pth .*\(it is not a PyTorch file"):
        read(tmp_path / "page.pth")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_weights_that_are_no_numbers_are_refused_by_name(tmp_path: Path, value: float, dtype: torch.dtype) -> None:
    bad = torch.zeros(300, 7, dtype=dtype)
    bad[123, 4] = value
    save_file({**WEIGHTS, "visual.proj": bad}, tmp_path / "failed.safetensors")
    with pytest.raises(ModelError, match=r"failed\.safetensors holds values that are not numbers \(in visual\.proj\)"):
        read(tmp_path / "failed.safetensors")


def test_large_numbers_are_numbers(tmp_path: Path) -> None:
    save_file({"a": torch.full((1000,), 6e4, dtype=torch.float16)}, tmp_path / "w.safetensors")
    assert read(tmp_path / "w.safetensors")["a"].max() == 6e4


def test_a_tensor_that_claims_to_be_huge_is_refused_before_it_is_made(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1).expand(1 << 20, 1 << 20)}, tmp_path / "w.pth")
    with pytest.raises(ModelError, match=r"w\.pth claims that a is larger than the file"):
        read(tmp_path / "w.pth")


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(3_000_000)}, tmp_path / "w.pth")
    with zipfile.ZipFile(tmp_path / "w.pth") as source, zipfile.ZipFile(tmp_path / "bomb.pth", "w") as bomb:
        for entry in source.infolist():
            bomb.writestr(entry.filename, source.read(entry), zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelError, match=r"bomb\.pth is damaged \(it says that it unpacks to 0\.0 GB"):
        read(tmp_path / "bomb.pth")


def test_a_file_beyond_the_free_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    monkeypatch.setattr(checkpoint, "free_memory", lambda: 100)
    with pytest.raises(ModelError, match=r"Reading .*w\.safetensors takes 0\.0 GB and 0\.0 GB are free"):
        read(tmp_path / "w.safetensors")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_plain_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.pth")
    for path in (tmp_path / "w.pth", Path("/dev/zero"), tmp_path, tmp_path / "nowhere.pth"):
        with pytest.raises(ModelError, match="is not a file"):
            read_tensors(path, "", "fetch it again")


def test_an_archive_with_code_is_torchscript(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("model/code/__torch__.py", "")
    assert is_torchscript(tmp_path / "model.pt")


def test_a_checkpoint_and_other_files_are_not_torchscript(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "checkpoint.pt")
    (tmp_path / "text.pt").write_text("no archive")
    (tmp_path / "model.safetensors").write_bytes(b"PK\x03\x04")
    assert not is_torchscript(tmp_path / "checkpoint.pt")
    assert not is_torchscript(tmp_path / "text.pt")
    assert not is_torchscript(tmp_path / "model.safetensors")


def test_an_archive_with_a_damaged_list_is_not_torchscript(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("model/code/__torch__.py", "")
    content = bytearray((tmp_path / "model.pt").read_bytes())
    content[content.index(b"PK\x01\x02")] ^= 1  # where the list of the files begins
    (tmp_path / "model.pt").write_bytes(content)
    assert not is_torchscript(tmp_path / "model.pt")

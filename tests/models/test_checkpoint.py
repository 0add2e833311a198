import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.checkpoint import read_weights
from napari_cliptrase.models.load import load_model
from napari_cliptrase.models.openclip import openai_hashes


def read(path: Path, trusted: dict[str, str] | None = None) -> dict[str, torch.Tensor]:
    return read_weights(path, hashlib.sha256(path.read_bytes()).hexdigest(), trusted or {}, "fetch it again")


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
    with pytest.raises(ModelError, match=r"is a TorchScript archive.*none of OpenAI's"):
        read(archive)


def test_a_known_torchscript_archive_gives_its_weights(archive: Path, tiny_module: Any) -> None:
    weights = read(archive, {hashlib.sha256(archive.read_bytes()).hexdigest(): "ViT-Tiny"})
    assert weights.keys() == tiny_module.state_dict().keys()
    for name, tensor in tiny_module.state_dict().items():
        torch.testing.assert_close(weights[name], tensor)


def test_a_known_archive_brings_its_architecture_and_activation(
    archive: Path, tiny_tags: None, write_tiny: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip.pretrained

    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    known = open_clip.pretrained._PRETRAINED["ViT-Tiny"]["openai"]
    monkeypatch.setitem(known, "url", f"https://example.org/clip/models/{sha256}/ViT-Tiny.pt")
    model = load_model(str(archive))
    assert model.name == f"ViT-Tiny-quickgelu={archive}"
    assert load_model(f"ViT-Tiny={archive}").name == model.name
    # where OpenAI's own package puts it
    own = Path.home() / ".cache" / "clip" / "ViT-Tiny.pt"
    own.parent.mkdir(parents=True)
    archive.rename(own)
    assert load_model("ViT-Tiny/openai").weights_sha256 == sha256


def test_hashes_of_openai_are_those_that_open_clip_lists() -> None:
    hashes = openai_hashes()
    assert hashes["5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"] == "ViT-B-16"
    assert set(hashes.values()) >= {"ViT-B-32", "ViT-L-14", "ViT-L-14-336"}


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


@pytest.mark.parametrize("content", [{}, [1, 2], {"epoch": 3}, {"state_dict": {"a": 3}}])
def test_a_file_without_weights_says_so(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="holds no weights by name"):
        read(tmp_path / "w.pt")

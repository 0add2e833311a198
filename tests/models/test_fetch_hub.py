import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import fetch as fetching
from napari_cliptrase.models import folders
from napari_cliptrase.models.load import load_model, load_model_steps
from napari_cliptrase.models.verify import expected_sha256
from napari_cliptrase.progress import run_to_end

Write = Callable[..., Path]


@pytest.fixture
def hub(server: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, bytes], None]:
    """Publish a file in a repository, on a server that behaves as Hugging Face: the bytes are on another address."""
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr(fetching, "DOWNLOAD_CHUNK", 100_000)

    def publish(repository: str, filename: str, data: bytes) -> None:
        path = f"/{repository}/resolve/main/{filename}"
        elsewhere = f"/cdn/{filename}"
        server.files[elsewhere] = data
        # another name for this computer, so that it counts as another server
        server.redirects[path] = server.url.replace("127.0.0.1", "localhost") + elsewhere
        server.headers[path] = {
            "X-Repo-Commit": "c0ffee",
            "X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Linked-Size": str(len(data)),
        }

    return publish


def test_a_tag_is_downloaded_once_and_checked(
    hub: Callable[..., None], server: Any, write_tiny: Write, tiny_tags: None, tmp_path: Path
) -> None:
    data = write_tiny(tmp_path / "there").read_bytes()
    hub("lab/tiny-plain", "open_clip_model.safetensors", data)
    steps: list[tuple[int, int]] = []
    model = run_to_end(load_model_steps("ViT-Tiny/plain"), lambda step: steps.append((step.done, step.total)))
    assert model.weights_sha256 == hashlib.sha256(data).hexdigest()
    assert (len(data), len(data)) in steps
    path = folders.clip_folder("ViT-Tiny/plain") / "open_clip_model.safetensors"
    assert path.read_bytes() == data
    assert expected_sha256(path) == model.weights_sha256
    asked = len(server.requests)
    load_model("ViT-Tiny/plain")
    assert len(server.requests) == asked


def test_the_token_is_sent_to_hugging_face_only(
    hub: Callable[..., None], server: Any, write_tiny: Write, tiny_tags: None, tmp_path: Path
) -> None:
    hub("lab/tiny-plain", "open_clip_model.safetensors", write_tiny(tmp_path / "there").read_bytes())
    load_model("ViT-Tiny/plain")
    for _, path, headers in server.requests:
        assert ("authorization" in headers) == (not path.startswith("/cdn/"))


def test_an_older_repository_with_bin_weights(
    hub: Callable[..., None], tiny_module: Any, tiny_tags: None, tmp_path: Path
) -> None:
    import torch

    torch.save(tiny_module.state_dict(), tmp_path / "w.bin")
    hub("lab/tiny-plain", "open_clip_pytorch_model.bin", (tmp_path / "w.bin").read_bytes())
    load_model("ViT-Tiny/plain")
    assert (folders.clip_folder("ViT-Tiny/plain") / "open_clip_pytorch_model.bin").is_file()


def test_a_broken_download_goes_on_in_the_next_call(
    hub: Callable[..., None], server: Any, write_tiny: Write, tiny_tags: None, tmp_path: Path
) -> None:
    data = write_tiny(tmp_path / "there").read_bytes()
    hub("lab/tiny-plain", "open_clip_model.safetensors", data)
    server.break_after = 300_000
    with pytest.raises(ModelError, match="try again to go on") as caught:
        load_model("ViT-Tiny/plain")
    assert "/cdn/" not in str(caught.value)
    server.break_after = None
    load_model("ViT-Tiny/plain")
    assert server.requests[-1][2]["range"] == "bytes=300000-"


def test_cancel_stops_a_download_within_a_chunk(
    hub: Callable[..., None], server: Any, write_tiny: Write, tiny_tags: None, tmp_path: Path
) -> None:
    hub("lab/tiny-plain", "open_clip_model.safetensors", write_tiny(tmp_path / "there").read_bytes())
    work = load_model_steps("ViT-Tiny/plain")
    assert next(step.done for step in work if step.done >= 200_000) == 200_000
    work.close()
    (part,) = folders.clip_folder("ViT-Tiny/plain").glob("*.part")
    assert part.stat().st_size == 200_000


def test_bytes_that_are_not_those_of_the_hub_are_refused(
    hub: Callable[..., None], server: Any, write_tiny: Write, tiny_tags: None, tmp_path: Path
) -> None:
    data = write_tiny(tmp_path / "there").read_bytes()
    hub("lab/tiny-plain", "open_clip_model.safetensors", data)
    server.files["/cdn/open_clip_model.safetensors"] = data[:-1] + b"x"
    with pytest.raises(ModelError, match="is damaged: its SHA-256 is"):
        load_model("ViT-Tiny/plain")
    assert not list(folders.clip_folder("ViT-Tiny/plain").glob("[!.]*"))


def test_a_file_that_decays_later_is_noticed(
    hub: Callable[..., None], write_tiny: Write, tiny_tags: None, tmp_path: Path
) -> None:
    hub("lab/tiny-plain", "open_clip_model.safetensors", write_tiny(tmp_path / "there").read_bytes())
    load_model("ViT-Tiny/plain")
    path = folders.clip_folder("ViT-Tiny/plain") / "open_clip_model.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"instead of .* models download ViT-Tiny/plain"):
        load_model("ViT-Tiny/plain")


def test_a_repository_by_name(
    hub: Callable[..., None], write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path
) -> None:
    hub("some-lab/my.clip", "open_clip_model.safetensors", write_tiny(tmp_path / "there").read_bytes())
    hub("some-lab/my.clip", "open_clip_config.json", json.dumps({"model_cfg": tiny_config}).encode())
    assert load_model("hf-hub:some-lab/my.clip").name == "hf-hub:some-lab/my.clip"


def test_a_repository_with_the_wrong_activation_is_an_error(
    hub: Callable[..., None], tiny_config: dict[str, Any]
) -> None:
    repository = "timm/vit_base_patch16_clip_224.openai"
    hub(
        repository,
        "open_clip_config.json",
        json.dumps({"model_cfg": tiny_config}).encode(),
    )
    with pytest.raises(ModelError, match=r"quick_gelu: False, but the weights .* were trained with QuickGELU"):
        load_model(f"hf-hub:{repository}")


def test_what_is_not_there_is_reported(hub: Callable[..., None], server: Any, tiny_tags: None) -> None:
    with pytest.raises(ModelError, match=r"lab/tiny-plain has none of the files open_clip_model\.safetensors"):
        load_model("ViT-Tiny/plain")
    path = "/lab/gone/resolve/main/open_clip_config.json"
    server.headers[path] = {"X-Error-Code": "RepoNotFound"}
    with pytest.raises(ModelError, match="no repository lab/gone"):
        load_model("hf-hub:lab/gone")
    server.headers[path] = {"X-Error-Code": "GatedRepo"}
    server.errors[path] = 403
    with pytest.raises(ModelError, match="requires that you accept its terms"):
        load_model("hf-hub:lab/gone")
    server.headers[path] = {}
    server.errors[path] = 500
    with pytest.raises(ModelError, match=r"cannot be downloaded from .*500"):
        load_model("hf-hub:lab/gone")

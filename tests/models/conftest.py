"""Small models of true shapes, an empty cache, and a server on this computer."""

import copy
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

TINY: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1},
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Caches and home folders that are empty, so that no test sees or touches the user's."""
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every connection fails; the list holds the addresses that were tried."""
    tried: list[object] = []

    def refuse(*args: object, **_: object) -> None:
        tried.append(args)
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


@pytest.fixture
def tiny_config() -> dict[str, Any]:
    return deepcopy(TINY)


@pytest.fixture
def tiny_module() -> Any:
    """An open_clip model with weights that tell one place from another."""
    import open_clip
    import torch

    torch.manual_seed(5)
    module = open_clip.CLIP(**deepcopy(TINY)).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return module


@pytest.fixture
def write_tiny(tiny_module: Any) -> Callable[..., Path]:
    """Write the weights of `tiny_module` into a folder, and a config beside them when one is given."""
    from safetensors.torch import save_file

    def write(folder: Path, config: dict[str, Any] | None = None, name: str = "open_clip_model.safetensors") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        if config is not None:
            (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
        save_file({key: value.contiguous() for key, value in tiny_module.state_dict().items()}, folder / name)
        return folder / name

    return write


@pytest.fixture
def tiny_tags(monkeypatch: pytest.MonkeyPatch, tiny_config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """open_clip lists an architecture ViT-Tiny with weights ``plain`` and ``openai``, the latter with QuickGELU.

    Returns what it says about each tag.
    """
    import open_clip

    published = {
        "plain": {"hf_hub": "lab/tiny-plain/", "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)},
        "openai": {
            "hf_hub": "lab/tiny-openai/",
            "url": f"https://example.org/clip/models/{'ab' * 32}/ViT-Tiny.pt",
            "quick_gelu": True,
        },
    }
    configs = {"ViT-Tiny": tiny_config, "ViT-Tiny-quickgelu": {**tiny_config, "quick_gelu": True}}
    tags = {"ViT-Tiny": published, "ViT-Tiny-quickgelu": {"openai": published["openai"]}}
    config_of, weights_of, tags_of = (
        open_clip.get_model_config,
        open_clip.get_pretrained_cfg,
        open_clip.list_pretrained_tags_by_model,
    )
    listed, with_tag = open_clip.list_pretrained(), open_clip.list_pretrained_models_by_tag

    def get_model_config(name: str) -> Any:
        return copy.deepcopy(configs[name]) if name in configs else config_of(name)

    def get_pretrained_cfg(name: str, tag: str) -> Any:
        return tags[name].get(tag, {}) if name in tags else weights_of(name, tag)

    def list_pretrained_tags_by_model(name: str) -> list[str]:
        return list(tags[name]) if name in tags else tags_of(name)

    def list_pretrained() -> list[tuple[str, str]]:
        return [*listed, *((name, tag) for name, known in tags.items() for tag in known)]

    def list_pretrained_models_by_tag(tag: str) -> list[str]:
        return [*with_tag(tag), *(name for name, known in tags.items() if tag in known)]

    for function in (
        get_model_config,
        get_pretrained_cfg,
        list_pretrained_tags_by_model,
        list_pretrained,
        list_pretrained_models_by_tag,
    ):
        monkeypatch.setattr(open_clip, function.__name__, function)
    return published


@dataclass
class FileServer:
    """Serves ``files`` by path; the other fields make it misbehave, and ``requests`` holds what came in."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    break_after: int | None = None
    errors: dict[str, int] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def paths(self, method: str = "GET") -> list[str]:
        return [path for used, path, _ in self.requests if used == method]


@pytest.fixture
def server() -> Iterator[FileServer]:
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, body: bool) -> None:
            state.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            if self.path in state.redirects:
                self.send_response(302)
                self.send_header("Location", state.redirects[self.path])
                self._end(state.headers.get(self.path, {}), 0)
                return
            if self.path in state.errors or self.path not in state.files:
                code = state.errors.get(self.path, 404)
                self.send_response(code)
                kind = {"X-Error-Code": "EntryNotFound"} if code == 404 else {}
                self._end({**kind, **state.headers.get(self.path, {})}, 0)
                return
            data = state.files[self.path]
            start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if state.ranges else None
            if start and int(start[1]) >= len(data):
                self.send_response(416)
                self._end({}, 0)
                return
            data = data[int(start[1]) :] if start else data
            self.send_response(206 if start else 200)
            self._end(state.headers.get(self.path, {}), len(data))
            if body and state.break_after is not None:
                self.wfile.write(data[: state.break_after])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
            elif body:
                with suppress(ConnectionError):  # a client that was cancelled hangs up
                    self.wfile.write(data)

        def _end(self, headers: dict[str, str], length: int) -> None:
            for key, value in {"Content-Length": str(length), **headers}.items():
                self.send_header(key, value)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        state.url = f"http://127.0.0.1:{running.server_address[1]}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        running.shutdown()
        thread.join()

import os
from pathlib import Path

import pytest
import torch

from napari_cliptrase.refine.store import EmbeddingStore


def test_what_was_put_comes_back_exactly(tmp_path: Path) -> None:
    features = torch.randn(1, 4, 8, 8)
    EmbeddingStore(tmp_path).put("a", features)
    restored = EmbeddingStore(tmp_path).get("a")
    assert restored is not None
    assert torch.equal(restored, features)


def test_unknown_key_is_none(tmp_path: Path) -> None:
    assert EmbeddingStore(tmp_path / "new").get("a") is None


def test_damaged_file_is_thrown_away(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path)
    store.put("a", torch.ones(4))
    path = tmp_path / "a.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    assert store.get("a") is None
    assert not path.exists()


def test_the_longest_unused_go_when_the_limit_is_reached(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, limit=2600)
    for number, key in enumerate("abcd"):
        store.put(key, torch.ones(200))  # about 900 bytes
        if (tmp_path / f"{key}.safetensors").exists():
            os.utime(tmp_path / f"{key}.safetensors", (number, number))
        if key == "b":
            assert store.get("a") is not None  # used just now
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2600
    assert store.get("a") is not None
    assert store.get("b") is None
    assert store.get("d") is not None


def test_an_embedding_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    EmbeddingStore(tmp_path, limit=10).put("a", torch.ones(200))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    store = EmbeddingStore(blocked / "embeddings")
    store.put("a", torch.ones(2))
    assert store.get("a") is None


def test_default_folder_is_in_our_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    EmbeddingStore().put("a", torch.ones(2))
    assert (tmp_path / "embeddings" / "a.safetensors").exists()

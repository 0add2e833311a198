import os
import sys
from pathlib import Path

import pytest

from napari_cliptrase.models.folders import cache_folder, find_in_folder


def test_the_cache_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", "~/weights")
    assert cache_folder() == tmp_path / "home" / "weights"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names the folders of Linux")
def test_caches_lie_where_linux_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NAPARI_CLIPTRASE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/napari-cliptrase")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == tmp_path / "home/.cache/napari-cliptrase"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["open_clip_model.safetensors", "other.bin"])
def test_a_named_pipe_is_no_weights_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert find_in_folder(tmp_path) is None
    (tmp_path / "mine.pt").write_bytes(b"1")
    assert find_in_folder(tmp_path) == tmp_path / "mine.pt"

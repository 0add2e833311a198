import builtins
import os
import sys
from typing import Any

import pytest

import napari_cliptrase
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.torch_trouble import let_threads_sleep


@pytest.fixture(autouse=True)
def broken_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any) -> Any:
        if name == "torch":
            raise OSError("[WinError 1114] A dynamic link library (DLL) initialization routine failed.\nmore")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", refuse)


def reason(monkeypatch: pytest.MonkeyPatch, platform: str, *loaded: str) -> str:
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("PyQt6.QtCore", "PySide6.QtCore", "PyQt5.QtCore"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in loaded:
        monkeypatch.setitem(sys.modules, name, sys)
    with pytest.raises(ModelError) as caught:
        _ = napari_cliptrase.load_model
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_torch_after_qt_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    text = reason(monkeypatch, "win32", "PyQt6.QtCore")
    assert "WinError 1114" in text
    assert 'start napari with: python -c "import torch; from napari.__main__ import main; main()"' in text


def test_torch_alone_on_windows_lacks_a_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Visual C++ runtime" in reason(monkeypatch, "win32")


def test_elsewhere_it_is_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pip install --force-reinstall torch" in reason(monkeypatch, "linux", "PyQt6.QtCore")


def test_threads_sleep_unless_the_user_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"

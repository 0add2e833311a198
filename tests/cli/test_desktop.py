import ctypes
import socket
import sys
from pathlib import Path

import pytest

from napari_cliptrase.cli import desktop


@pytest.fixture(autouse=True)
def linux_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    lacking(monkeypatch)
    monkeypatch.setattr(desktop, "x_server_answers", lambda: True)
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def lacking(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    """The system has all libraries but these."""

    def load(library: str) -> None:
        if library in libraries:
            raise OSError(f"{library}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", load)


def test_a_full_desktop_opens_windows() -> None:
    assert desktop.missing_libraries() == ()
    assert desktop.can_open_window() is None


def test_missing_libraries_come_with_the_line_that_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "libEGL.so.1", "libxcb-cursor.so.0")
    assert desktop.missing_libraries() == ("libEGL.so.1", "libxcb-cursor.so.0")
    reason = desktop.can_open_window()
    assert reason is not None
    assert "libEGL.so.1, libxcb-cursor.so.0" in reason
    assert reason.endswith("sudo apt-get install -y libegl1 libxcb-cursor0")


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_no_display_is_reported(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("DISPLAY")
    reason = desktop.can_open_window()
    assert reason is not None
    assert "no display" in reason
    assert "xvfb-run -a" in reason
    monkeypatch.setenv(variable, "x")
    assert desktop.can_open_window() is None


def test_a_virtual_display_has_to_be_installed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(desktop, "has_virtual_display", lambda: False)
    assert "sudo apt-get install -y xvfb" in str(desktop.can_open_window())


def test_a_platform_without_opengl_is_no_window_for_napari(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert "QT_QPA_PLATFORM=offscreen has no OpenGL" in str(desktop.can_open_window())


def test_a_display_that_no_one_serves_is_reported_before_qt_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", "linux")
    lacking(monkeypatch)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    assert "No X server answers at DISPLAY=:4711" in str(desktop.can_open_window())


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_bring_their_own_windows(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("DISPLAY")
    lacking(monkeypatch, "libEGL.so.1")
    assert desktop.missing_libraries() == ()
    assert desktop.can_open_window() is None


def test_the_whole_line_is_that_of_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    reported = next(line for line in readme.splitlines() if line.startswith("sudo apt-get update"))
    command, _, packages = desktop.apt_line().partition(" -y ")
    assert command == "sudo apt-get install"
    assert {*packages.split(), "python3-venv", "git"} == set(reported.partition(" -y ")[2].split())


def test_a_server_that_listens_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.bind(("localhost", 0))
        monkeypatch.setenv("DISPLAY", f"localhost:{line.getsockname()[1] - 6000}")
        assert not desktop.x_server_answers()
        line.listen()
        assert desktop.x_server_answers()

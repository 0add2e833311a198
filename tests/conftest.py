"""What all tests share: where the tests that need a window run, and what is said where they cannot."""

import importlib.util
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import napari_cliptrase

# the first example imports torch, and the machine may be shared: time is not what these tests judge
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# what auto means must not depend on the computer that the tests run on
os.environ["NAPARI_CLIPTRASE_PRECISION"] = "fp32"
# what a test leaves unsaved is nothing for the user's own folder
os.environ["NAPARI_CLIPTRASE_RESCUE"] = tempfile.mkdtemp(prefix="cliptrase-rescued-")

TESTS = Path(__file__).parent
# the lab is not in the wheel: where the package is installed from one, tests take the lab from the repository
if importlib.util.find_spec("napari_cliptrase.lab") is None:
    napari_cliptrase.__path__.append(str(TESTS.parent / "src" / "napari_cliptrase"))
WINDOWED = (TESTS / "gui", TESTS / "plugin")
REQUIRE = "NAPARI_CLIPTRASE_REQUIRE_GUI"


def _reason_without_window() -> str | None:
    """Say why no window can be opened here, or None when one can."""
    for package in ("napari", "pytestqt"):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed"
    from napari_cliptrase.cli.desktop import can_open_window

    return can_open_window()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    if importlib.util.find_spec("pytestqt") is None:
        return
    from napari_cliptrase.cli.desktop import missing_libraries

    # pytest-qt ends the whole run when Qt cannot load, before any test that needs no Qt has run
    if missing_libraries():
        pluginmanager.unregister(name="pytest-qt")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if not any(collection_path.is_relative_to(folder) for folder in WINDOWED):
        return None
    reason = _reason_without_window()
    if reason is None:
        return None
    if os.environ.get(REQUIRE):
        raise pytest.UsageError(f"The tests of the windows cannot run here: {reason}")
    config.stash[_LEFT_OUT] = reason
    return True


_LEFT_OUT = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reason = config.stash.get(_LEFT_OUT, None)
    if reason is not None:
        terminalreporter.section("the tests of the windows were left out", yellow=True)
        terminalreporter.line(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in WINDOWED):
            item.add_marker(pytest.mark.gui)

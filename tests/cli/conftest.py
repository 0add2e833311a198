"""How the tests of the commands run them."""

import sys
from collections.abc import Callable

import pytest

from napari_cliptrase.cli import main

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``napari-cliptrase`` with the given words in this process; returns exit code, output and errors."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["napari-cliptrase", *map(str, words)])
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return run

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from napari_cliptrase.cli.app import COMMANDS, app, command_module
from napari_cliptrase.cli.deferred_command import DeferredCommand


def shown(*arguments: str) -> str:
    return CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout


@pytest.mark.parametrize(("name", "summary"), COMMANDS.items())
def test_the_list_says_of_a_command_what_its_own_help_says_first(name: str, summary: str) -> None:
    own = [line.strip() for line in shown(name).splitlines()]
    assert summary in own
    assert f" {name} [OPTIONS]" in own[1]  # the usage
    assert f"│ {name}".ljust(12) + summary in shown()


def test_the_list_imports_no_command_and_a_command_no_other(tmp_path) -> None:
    def imported(*arguments: str) -> set[str]:
        code = (
            "import sys; from napari_cliptrase.cli import main\n"
            f"sys.argv = ['napari-cliptrase', *{list(arguments)!r}]\n"
            "try:\n    main()\nexcept SystemExit:\n    pass\n"
            "print(*sys.modules, file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
        return set(done.stderr.split()) & {command_module(name) for name in COMMANDS}

    assert imported("--help") == imported("--version") == set()
    assert imported("explain", "--help") == {command_module("explain")}


def test_options_and_names_of_the_real_command_are_those_that_are_parsed() -> None:
    command = DeferredCommand("convert", "napari_cliptrase.cli.convert:convert", "Convert.").load()
    assert command.name == "convert"
    assert "--to" in {option for parameter in command.params for option in parameter.opts}
    group = DeferredCommand("models", "napari_cliptrase.cli.models:app", "List.").load()
    assert group.name == "models"
    assert "download" in group.commands

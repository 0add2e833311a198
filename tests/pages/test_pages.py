"""Every block of code of the README and the pages runs as it is printed, in the order of its page.

Weights that would be downloaded are those that ship; where a block cannot run here, a comment of the page says why.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.pages.page_blocks import SHELL, Block, blocks_of
from typer.main import get_command

import napari_cliptrase
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.app import app
from napari_cliptrase.cli.deferred_command import DeferredCommand
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHER = ("text", "{eval-rst}", "{toctree}")
COMMAND = "napari-cliptrase"
SCENES = {"photos/a.png": 1, "photos/d.jpg": 6, "photos/sub/b.jpg": 2, "more/c.jpg": 3, "photo.jpg": 4}
SIZE = (168, 224)
PATIENCE = 300

SHIM = """#!{python}
# The command, with the model that ships where it would download another one.
import sys
from napari_cliptrase.cli import main
if sys.argv[1:2] in (["segment"], ["batch"], ["learn"], ["explain"]) and "--model" not in sys.argv:
    sys.argv += ["--model", "demo"]
main()
"""


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """The folder of somebody who reads a page, with a few pictures in it, and the command on the path."""
    for name, seed in SCENES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(paint_scene(seed, SIZE).image).save(path)
    tifffile.imwrite(tmp_path / "photo.tif", paint_scene(5, SIZE).image)
    programs = tmp_path.parent / f"{tmp_path.name}-bin"
    programs.mkdir()
    shim = programs / COMMAND
    shim.write_text(SHIM.format(python=sys.executable))
    shim.chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    # The folder above an installed package holds all packages, some with the names of standard modules: a source only.
    above = Path(napari_cliptrase.__file__).parents[1]
    if above == ROOT / "src":
        monkeypatch.setenv("PYTHONPATH", str(above))
    monkeypatch.setenv("XDG_CACHE_HOME", str(programs / "cache"))
    monkeypatch.chdir(tmp_path)
    load = napari_cliptrase.load_model
    monkeypatch.setattr(napari_cliptrase, "load_model", lambda _name, **how: load("demo", **how))
    return tmp_path


def given(page: str) -> dict[str, object]:
    """What a page says that its reader has already."""
    if page == "README.md":
        return {"rgb": paint_scene(1, SIZE).image}
    if page == "refine.md":
        scene = paint_scene(1, SIZE)
        return {"image": scene.image, "labels": scene.labels, "scores": None, "edited": np.zeros(SIZE, bool)}
    return {}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the pages' shell is that of Linux and macOS")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_of_a_page_run_in_its_order(page, reader):
    if page.name == "export.md":
        run_shell(
            "napari-cliptrase segment photos photo.jpg -p 'road; car' -o masks && "
            "napari-cliptrase export masks --to cvat --out cvat.xml",
            "what the page begins with",
        )
        with Project.create(reader / "photos", PromptSet.parse("road; car")) as project:
            project.set_state("a.png", State.DONE)
    if page.name == "refine.md":
        run_shell("napari-cliptrase segment photo.jpg -p 'sky; tree' -o first && cp first/photo.png mask.png", "before")
    names = {"__name__": "__main__", **given(page.name)}
    for block in blocks_of(page):
        where = f"{page.name}:{block.line}"
        check(block, where)
        if block.not_run or block.language in OTHER:
            continue
        if block.language == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
        else:
            run_shell(block.commands, where)


def run_shell(commands: str, where: str) -> None:
    """Run shell commands; none may fail."""
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, f"{where}\n{commands}\n{run.stdout}\n{run.stderr}"


def check(block: Block, where: str) -> None:
    """Check a block without running it: its language, its syntax, its commands and their options."""
    if block.language == "python":
        compile(block.text, where, "exec")
    elif block.language in SHELL:
        checked = subprocess.run(["bash", "-n"], input=block.commands, capture_output=True, text=True)
        assert checked.returncode == 0, f"{where}: {checked.stderr}"
        for line in block.commands.splitlines():
            check_command(line, where)
    else:
        assert block.language in OTHER, f"{where}: a block needs a language"


def check_command(line: str, where: str) -> None:
    """Let the command line parse a line with its command, and look for the tests that a line names."""
    words = shlex.split(line, comments=True)
    if words[:1] == [COMMAND]:
        end = next((number for number, word in enumerate(words) if word in ("|", "&&", ">")), len(words))
        parse(words[1:end], where)
    if words[:1] == ["pytest"]:
        for word in words[1:]:
            assert not word.startswith("tests/") or (ROOT / word).exists(), f"{where}: {word} is not there"


def parse(words: list[str], where: str) -> None:
    """Fail when the command knows no such subcommand or option; files need not be there."""
    command = get_command(app)
    context = command.make_context(COMMAND, list(words), resilient_parsing=True)
    rest = words
    while hasattr(command, "commands") and rest:
        name, *rest = rest
        assert name.startswith("-") or name in command.commands, f"{where}: {COMMAND} has no {name}"
        if name.startswith("-"):
            break
        command = command.commands[name]
        if isinstance(command, DeferredCommand):
            command = command.load()
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    assert set(options) <= known | {"--help"}, f"{where}: {set(options) - known} is not an option of {' '.join(words)}"
    assert context is not None


def test_an_unknown_option_and_a_missing_test_are_found():
    with pytest.raises(AssertionError, match="not an option"):
        check_command("napari-cliptrase segment a.png --promts x", "here")
    with pytest.raises(AssertionError, match="not there"):
        check_command("pytest tests/nowhere.py", "here")
    with pytest.raises(AssertionError, match="has no"):
        check_command("napari-cliptrase paint", "here")


def test_a_block_that_fails_is_found(reader):
    with pytest.raises(AssertionError, match="here"):
        run_shell("false\ntrue", "here")
    with pytest.raises(CliptraseError):
        exec("from napari_cliptrase import PromptSet; PromptSet.load('nowhere.txt')", {})

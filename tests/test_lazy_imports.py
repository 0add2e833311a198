"""An import inside a function keeps something slow or optional out of what does without it; no other stands there."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from napari_cliptrase.cli.app import COMMANDS as COMMAND_NAMES
from napari_cliptrase.cli.app import command_module

SOURCE = Path(__file__).parent.parent / "src" / "napari_cliptrase"
ROOT = SOURCE.name
APP = f"{ROOT}.cli.app"
# modules of which a start imports one
COMMANDS = (APP, *map(command_module, COMMAND_NAMES))

# packages that are imported when they are needed
LAZY = {
    **dict.fromkeys(("torch", "open_clip", "timm", "segment_anything", "safetensors"), "take seconds"),
    **dict.fromkeys(("napari", "qtpy", "superqt", "magicgui"), "an extra: the window"),
    **dict.fromkeys(("dask", "distributed", "fsspec"), "an extra: workers"),
    **dict.fromkeys(("nibabel", "roifile", "zarr"), "an extra: formats"),
    "matplotlib": "an extra: figures",
    **dict.fromkeys(("scipy", "skimage"), "most commands and formats do without"),
    **dict.fromkeys(("ftfy", "regex"), "few prompts need them"),
    "huggingface_hub": "needed to download alone",
    "rich": "for bars and tables on a terminal",
}
# imports inside functions with another reason
OTHER_REASONS = {
    ("cli/__init__.py", APP): "Ctrl-C ends in a sentence also while the list of commands is imported",
    ("bench/memory_row.py", "resource"): "Windows has none",
    ("free_memory.py", "resource"): "Windows has none",
}


def _name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in sorted(SOURCE.rglob("*.py"))}


def _targets(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [entry.name for entry in node.names]
    whole = [f"{node.module}.{entry.name}" for entry in node.names]
    return [name if name in MODULES else str(node.module) for name in whole]


def _at_once(body: list[ast.stmt]) -> Iterator[str]:
    """Yield what a module imports when it is imported itself."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _targets(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _at_once([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _at_once([*node.body, *node.orelse, *(part for entry in node.handlers for part in entry.body)])


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def _brings(module: str) -> frozenset[str]:
    """Return all modules of ours, and all packages of others, that come with the import of a module."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name.partition(".")[0] != ROOT:
            found.add(name.partition(".")[0])
            continue
        parts = name.split(".")
        for inner in (".".join(parts[: count + 1]) for count in range(len(parts))):
            if inner in MODULES and inner not in found:
                found.add(inner)
                waiting += _at_once(_tree(inner).body)
    return frozenset(found)


def _inside_functions(tree: ast.Module) -> set[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {
        target
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for target in _targets(node)
    }


def _keeps_something_away(module: str, target: str) -> bool:
    """Whether a module would bring more with it if the import stood at its top."""
    new = _brings(target) - _brings(module)
    with_commands = frozenset().union(*map(_brings, COMMANDS))
    for_commands = {name for name in new if name.startswith(ROOT)} - with_commands
    return bool(new & set(LAZY)) or (module in with_commands and bool(for_commands))


def test_an_import_inside_a_function_keeps_something_slow_or_optional_away() -> None:
    """A command shows its help at once, so it imports inside its function what help does without."""
    idle = {
        (path.relative_to(SOURCE).as_posix(), target)
        for module, path in MODULES.items()
        for target in _inside_functions(_tree(module))
        if not _keeps_something_away(module, target)
    }
    assert sorted(idle) == sorted(OTHER_REASONS)


@pytest.mark.parametrize(
    ("module", "target", "keeps"),
    [
        ("engine.pipeline", "engine.segmenter", True),  # torch
        ("engine.segmenter", "torch", False),  # is there already
        ("cli.refine", "engine.plane_lessons", True),  # no command needs it for --help
        ("cli.refine", "errors", False),
        ("masks.rings", "skimage.measure", True),
    ],
)
def test_what_an_import_brings_is_followed_through_the_files(module: str, target: str, keeps: bool) -> None:
    ours = f"{ROOT}.{target}"
    assert _keeps_something_away(f"{ROOT}.{module}", ours if ours in MODULES else target) is keeps

"""Names of the whole tree: one name, one meaning. The arrows between rooms are held by import-linter."""

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

SOURCE = Path(__file__).parent.parent / "src" / "napari_cliptrase"
FILES = sorted(SOURCE.rglob("*.py"))


def _repeated(names: list[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def test_a_file_name_stands_for_one_subject():
    assert _repeated([path.name for path in FILES if path.name != "__init__.py"]) == []


def test_a_class_name_stands_for_one_class():
    classes = [
        node.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert _repeated(classes) == []


# public functions of one name in several files, which mean the same in each
SHARED_FUNCTION_NAMES = {
    "main": "runs a command line: the package's, and that of the training, which is not in the wheel",
}


def test_a_public_function_name_stands_for_one_function():
    """Methods may share names; a name that needs no class before it may not."""
    functions = [
        node.name
        for path in FILES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    ]
    assert _repeated(functions) == sorted(SHARED_FUNCTION_NAMES)


# constants of one name in several files, which mean the same in each
SHARED_CONSTANT_NAMES = {
    "FORMAT": "the format that a file of masks/ describes; masks/registry.py lists all of them",
    "app": "the subcommands that a file of cli/ adds",
    "log": "the logger of a file",
}


def _assigned(path: Path) -> list[str]:
    """Return the public names that a file assigns outside of functions and classes: constants and type aliases."""
    targets: list[ast.expr] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets += node.targets if isinstance(node, ast.Assign) else []
        targets += [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
    return [name for name in names if not name.startswith("_")]


def test_a_constant_or_a_type_alias_has_a_name_of_its_own():
    """Not even a class may be called like it."""
    constants = [name for path in FILES for name in _assigned(path)]
    classes = {
        node.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert _repeated(constants) == sorted(SHARED_CONSTANT_NAMES)
    assert sorted(classes & set(constants)) == []


ONLY_IN_THE_ENGINE = {"encode_steps", "segment_steps", "prepare_steps", "refine_steps"}
ROOMS_BELOW_THE_FACES = {"engine", "refine", "lab"}


def test_every_face_goes_from_a_plane_to_labels_through_the_pipeline():
    calls = [
        (path.relative_to(SOURCE).as_posix(), node.func.attr)
        for path in FILES
        if path.relative_to(SOURCE).parts[0] not in ROOMS_BELOW_THE_FACES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert [call for call in calls if call[1] in ONLY_IN_THE_ENGINE] == []


def test_no_imports_run_in_a_circle():
    """Imports inside functions and for types count, too."""
    imports = grimp.build_graph("napari_cliptrase", cache_dir=None)
    order = TopologicalSorter({name: imports.find_modules_directly_imported_by(name) for name in imports.modules})
    try:
        order.prepare()
    except CycleError as error:
        circle = error.args[1]
    else:
        circle = []
    assert circle == []

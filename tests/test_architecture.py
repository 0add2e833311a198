"""Names of the whole tree: one name, one meaning. The arrows between rooms are held by import-linter."""

import ast
import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "napari_cliptrase"
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
    "main": "runs a command line: the package's, and those of programs in lab, which are not in the wheel",
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


PIPELINE = "engine/pipeline.py"
# what segmenters and refiners offer to scripts, each also in steps
FROM_A_PLANE_TO_LABELS = {"encode", "segment", "prepare", "refine"}
STEPS = {f"{name}_steps" for name in FROM_A_PLANE_TO_LABELS}
# objects that are neither: the file, the object, and what it does there
OTHER_OBJECTS = {
    ("batch/dask_runner.py", "worker.segment"): "an ImageWorker, which goes through the pipeline",
    ("batch/runner.py", "worker.encode"): "an ImageWorker, which goes through the pipeline",
    ("cliptrase/text.py", "tower.encode"): "a text tower encodes words",
    ("lab/clip_look.py", "tokenizer.encode"): "words to numbers",
    ("lab/clip_model.py", "tokenizer.encode"): "words to numbers",
    ("lab/template_entropy.py", "tower.encode"): "a text tower encodes words",
    ("plugin/tools/sam_tool.py", "requests.prepare"): "asks SamRequestQueue for the window under the pointer",
    ("plugin/tools/sam_tool.py", "self._requests.prepare"): "asks SamRequestQueue for the window under the pointer",
}


def _leads_around_the_pipeline(node: ast.AST) -> bool:
    """Whether an expression may be a step from a plane to labels: a call of a wrapper, or any mention of the steps."""
    if isinstance(node, ast.Attribute) and node.attr in STEPS:
        return not _is_self(node.value)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    text_to_bytes = node.func.attr == "encode" and all(isinstance(entry, ast.Constant) for entry in node.args)
    return node.func.attr in FROM_A_PLANE_TO_LABELS and not text_to_bytes and not _is_self(node.func.value)


def _is_self(value: ast.expr) -> bool:
    """Whether a method is one of the object's own, as where `Segmenter` makes a call of its steps."""
    return isinstance(value, ast.Name) and value.id == "self"


def _ways_around_the_pipeline(source: str) -> list[str]:
    nodes = [node for node in ast.walk(ast.parse(source)) if _leads_around_the_pipeline(node)]
    return [ast.unparse(node.func if isinstance(node, ast.Call) else node) for node in nodes]


def test_nothing_but_the_pipeline_goes_from_a_plane_to_labels():
    files = {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
    found = {(name, call) for name, text in files.items() for call in _ways_around_the_pipeline(text)}
    assert sorted({call for name, call in found if name == PIPELINE}) == [
        "prepared.refiner.refine_steps", "refiner.prepare_steps", "segmenter.encode_steps", "segmenter.segment_steps",
    ]  # fmt: skip
    assert sorted({(name, call) for name, call in found if name != PIPELINE}) == sorted(OTHER_OBJECTS)


@pytest.mark.parametrize(
    "source",
    [
        "segmenter.segment(segmenter.encode(rgb), prompts)",
        "refiner.prepare(rgb)",
        "Segmenter(model).encode(rgb)",
        "self.refiner.refine(labels)",
        "steps = prepared.refiner.refine_steps",
    ],
)
def test_a_way_around_the_pipeline_is_found(source):
    assert _ways_around_the_pipeline(source)


# where the functions stand that the pipeline is made of
INNER_FILES = {f"napari_cliptrase.engine.{name}" for name in ("encode", "score", "window_code")}
# functions of those files that others use: the file, the function, and what it does there
OTHER_USES = {
    (
        "bench/folder_rows.py",
        "encode_pixels",
    ): "times the network and the regions alone, as the yardstick of whole folders",
    ("bench/folder_rows.py", "find_regions"): "times the regions, too",
    ("bench/rescoring_rows.py", "protect_confident"): "times one step of scoring alone, on features that are made up",
    ("explain/stages.py", "window_pixels"): "asks the network for its attention, which no encoding keeps",
    ("plugin/widgets/explore/window_view.py", "window_pixels"): "asks the network for its attention, too",
}


def _functions_inside_the_pipeline(source: str) -> list[str]:
    """Return what code imports of the functions inside the pipeline; classes are values, which anybody may hold."""
    return [
        entry.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for entry in node.names
        if f"{node.module}.{entry.name}" in INNER_FILES or (node.module in INNER_FILES and entry.name.islower())
    ]


def test_only_the_engine_encodes_and_scores_step_by_step():
    files = {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
    found = {
        (name, function)
        for name, text in files.items()
        if not name.startswith("engine/")
        for function in _functions_inside_the_pipeline(text)
    }
    assert sorted(found) == sorted(OTHER_USES)


@pytest.mark.parametrize(
    "source",
    [
        "from napari_cliptrase.engine.window_code import encode_window",
        "def timed():\n    from napari_cliptrase.engine.score import EmbeddedPhrases, score",
        "from napari_cliptrase.engine import encode",
    ],
)
def test_a_function_from_inside_the_pipeline_is_found(source):
    assert _functions_inside_the_pipeline(source)


# what changes the layers of a viewer
LAYER_CLASSES = {"Image", "Labels", "Points", "Shapes", "Vectors", "Surface", "Tracks"}
LIST_CHANGES = {"insert", "append", "extend", "remove", "pop", "clear", "move", "move_multiple"}
LAYER_CHANGES = {"data_setitem", "block_history", "paint", "fill", "undo", "redo"}
# where that is not the label layers of a result: the file, the expression, and what it does there
OTHER_LAYERS = {
    ("start.py", "viewer.add_image"): "the image of the demo",
    ("io/readers.py", "layers.append"): "a list of what napari makes layers of",
    ("io/writers.py", "Labels"): "layers of no viewer, of which napari saves the data",
    ("tools/sam_marks.py", "Points"): "clicks, which are no mask",
    ("tools/sam_marks.py", "Shapes"): "a box, which is no mask",
    ("tools/sam_marks.py", "self._box.data"): "a box, which is no mask",
    ("tools/sam_marks.py", "self._clicks.data"): "clicks, which are no mask",
    ("tools/sam_marks.py", "self._viewer.layers.append"): "adds clicks and box",
}


def _changes_of_layers(source: str) -> list[str]:
    """Return the expressions that make layers, change their data, or change the list of layers."""
    tree = ast.parse(source)
    classes = {
        entry.asname or entry.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "napari.layers"
        for entry in node.names
    } & LAYER_CLASSES
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            places = [target.value if isinstance(target, ast.Subscript) else target for target in targets]
            found += [place for place in places if isinstance(place, ast.Attribute) and place.attr == "data"]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.func] if node.func.id in classes else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_the_list = ast.unparse(node.func.value).endswith("layers") and node.func.attr in LIST_CHANGES
            adds = re.fullmatch("add_(image|labels|points|shapes|layer|vectors)", node.func.attr)
            of_a_layer = ast.unparse(node.func.value).endswith("layer") and node.func.attr in LAYER_CHANGES
            found += [node.func] if of_the_list or adds or of_a_layer else []
    return [ast.unparse(expression) for expression in found]


def test_only_the_room_of_layers_writes_layers():
    plugin = SOURCE / "plugin"
    files = {path.relative_to(plugin).as_posix(): path.read_text(encoding="utf-8") for path in plugin.rglob("*.py")}
    found = {
        (name, change)
        for name, text in files.items()
        if not name.startswith("layers/")
        for change in _changes_of_layers(text)
    }
    assert sorted(found) == sorted(OTHER_LAYERS)


@pytest.mark.parametrize(
    "source",
    [
        "viewer.add_labels(labels)",
        "viewer.layers.insert(0, layer)",
        "layer.data = labels",
        "layer.data[2:4] = 1",
        "layer.data_setitem(places, 1)",
        "from napari.layers import Labels\nlayer = Labels(labels)",
    ],
)
def test_code_that_writes_layers_is_found(source):
    assert _changes_of_layers(source)


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


# functions that take the name of an attribute as text
BY_NAME = {"setattr", "getattr", "delattr", "hasattr", "patch", "object", "attrgetter", "methodcaller"}


def _texts(node: ast.expr) -> str:
    """Return a text that is written in the code, with a letter for what is put in; empty for any other expression."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _named_privates(source: str) -> list[str]:
    """Return the privates that code reaches by their names, which ruff does not see; dunder names are none."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{entry.name}" for entry in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in BY_NAME:
            found += [_texts(argument) for argument in [*node.args, *(entry.value for entry in node.keywords)]]
    ours = (name for name in found if not name.startswith("napari."))
    return [name for name in ours if any(re.match(r"_(?!_)\w", part) for part in name.split("."))]


def test_no_test_reaches_a_private_by_its_name():
    files = {path.relative_to(TESTS).as_posix(): path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py")}
    reached = {name: privates for name, text in files.items() if (privates := _named_privates(text))}
    assert reached == {}


@pytest.mark.parametrize(
    "source",
    [
        'monkeypatch.setattr(module, "_name", 1)',
        'monkeypatch.setattr("napari_cliptrase.lab.train._log", print)',
        'monkeypatch.setattr(train, f"_train_{model}", stopped)',
        'getattr(session, "_image")',
        'mock.patch.object(session, attribute="_image")',
        "from napari_cliptrase.lab.train import _log",
    ],
)
def test_a_private_reached_by_its_name_is_found(source):
    assert _named_privates(source)

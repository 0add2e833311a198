"""The tests mirror the source: each file has its test file, each test file its source; exceptions have a reason."""

from pathlib import Path

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "napari_cliptrase"

# source files without a test file of their own
UNTESTED = {
    "_version.py": "one number",
    "array_types.py": "type aliases",
    "errors.py": "exception classes without code",
    "cliptrase/clip_shape.py": "values without code, which test_clip_network.py builds networks from",
    "cli/evaluate_benchmarks.py": "test_benchmark_images.py and test_evaluation.py run its commands",
    "evaluate/labelled_images.py": "a protocol, which the tests of each source of images follow",
    "cli/app.py": "the list of commands, which every test of a command runs",
    "models/loaded_models.py": "values, which test_load.py and test_load_sam.py load",
    "plugin/start.py": "test_whole_path.py in tests/gui starts it",
    "bench/encode_row.py": "test_random_model.py compares both encoders that it times",
    "bench/prompts_row.py": "test_random_model.py compares both text towers that it times",
    "cliptrase/families.py": "test_towers.py refuses each family that cannot work",
    "cliptrase/open_clip_vision.py": "test_towers.py runs every kind of tower",
    "cliptrase/timm_vision.py": "test_towers.py runs every kind of tower",
    "refine/sam_windows.py": "test_sam_vote.py and test_sam_prompts.py run it",
}
# test files that are not about one source file
ABOUT_MORE = {
    "batch/test_many_images.py": "whole processes, of which some are killed",
    "cliptrase/test_golden.py": "numbers of the published code",
    "demo/test_shipped_clip.py": "the weights that ship",
    "engine/test_segmenter_golden.py": "numbers of the published code",
    "evaluate/test_other_scorers.py": "figures of other projects",
    "masks/test_damaged.py": "files of every format, cut and bent",
    "masks/test_declared_sizes.py": "files of every format that declare a wrong size",
    "masks/test_many_objects.py": "how time grows with the number of objects",
    "masks/test_reading_memory.py": "readers of every format",
    "masks/test_speed.py": "how time compares with that of other libraries",
    "models/test_fetch_hub.py": "the second way of test_fetch.py",
    "models/test_load_sam.py": "the second model of test_load.py",
    "models/test_load_weights.py": "how weights get into the networks of test_load.py",
    "models/test_mutated_folders.py": "model folders, bent",
    "plugin/layers/test_any_image.py": "axes, numbers and storage of images",
    "plugin/layers/test_any_sequence.py": "people and runs in any order",
    "plugin/run/test_segmentation_live.py": "the live scores of test_segmentation.py",
    "plugin/run/test_segmentation_planes.py": "the planes of test_segmentation.py",
    "plugin/test_manifest.py": "napari.yaml",
    "project/test_killed.py": "programs that are killed at any moment",
    "project/test_project_states.py": "any sequence of work",
    "test_architecture.py": "names of the whole tree",
    "test_lazy_imports.py": "imports inside functions of the whole tree",
    "test_mirror.py": "this file",
    "test_package.py": "what an import costs",
    "test_startup.py": "whole processes",
    "test_wheel.py": "what is shipped",
}
FOLDERS_OF_THEIR_OWN = {"data", "gui", "headless", "masks_readers", "pages", "torture"}


def _source() -> set[str]:
    files = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")}
    return {name for name in files if not name.endswith(("__init__.py", "__main__.py"))}


def _tests() -> set[str]:
    files = (path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))
    return {path.as_posix() for path in files if path.parts[0] not in FOLDERS_OF_THEIR_OWN}


def _source_of(test: str) -> str:
    folder, _, name = test.rpartition("/")
    return f"{folder}/{name.removeprefix('test_')}".lstrip("/")


def test_each_source_file_has_its_test_file():
    tested = {_source_of(test) for test in _tests()}
    assert sorted(_source() - tested - set(UNTESTED)) == []


def test_each_test_file_has_its_source_file():
    assert sorted(test for test in _tests() if _source_of(test) not in _source() and test not in ABOUT_MORE) == []


def test_no_exception_outlives_its_file():
    assert sorted(set(UNTESTED) - _source()) == []
    assert sorted(set(ABOUT_MORE) - _tests()) == []

"""Images of other kinds than plain pictures, and what happens while layers are still coming."""

import contextlib
import json
import shutil
import sys
import threading

import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.plugin.conftest import TOY

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli import main
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.run import segment_planes
from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project

A, B, C = (f"image{number:04d}.png" for number in range(3))


def test_images_of_another_size_are_brought_into_sight(annotator, photos):
    Image.fromarray(np.zeros((400, 300, 3), np.uint8)).save(photos / "wide.png")
    annotator.work.open(photos)
    annotator.wait(lambda: annotator.state.shown is not None)
    annotator.settle()
    annotator.go(A)
    annotator.viewer.camera.center = (0, 900, 900)
    annotator.go("wide.png")
    np.testing.assert_allclose(annotator.viewer.camera.center[1:], (199.5, 149.5), atol=1)


def test_planes_of_a_stack_are_saved_each_for_itself(annotators, tmp_path):
    stack = np.random.default_rng(0).integers(0, 4000, (3, 40, 60)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", stack, metadata={"axes": "ZYX"})
    person = annotators(tmp_path)
    person.session.prompts = PromptSet.parse("cat")
    project = person.open(NewProject())
    layer = person.layer(1)
    assert layer.data.shape == (3, 40, 60)
    with layer.block_history():
        layer.data_setitem((np.array([2]), np.array([7]), np.array([8])), 1)
    person.settle()
    assert project.read("s.tif", (2,)).labels[7, 8] == 1
    assert not project.read("s.tif", (0,)).labels.any()
    person.viewer.dims.set_current_step(0, 0)
    layer.undo()
    person.settle()
    assert not project.read("s.tif", (2,)).labels.any()


def test_one_layer_for_all_classes_where_that_was_chosen(annotator):
    annotator.session.output = Output.COMBINED
    annotator.go(B)
    image = annotator.work.visits.image
    layer = annotator.bench.layers.combined_layer(image)
    assert annotator.bench.layers.class_layers(image) == {}
    with layer.block_history():
        layer.data_setitem((np.array([3, 4]), np.array([3, 4])), np.array([1, 3]))
    found = annotator.saved(B).labels
    assert (found[3, 3], found[4, 4]) == (1, 3)


def test_a_stroke_while_layers_are_still_coming_loses_no_other_class(annotator):
    for class_id in (1, 2, 3):
        annotator.paint(class_id, 10 * class_id, 10)
    annotator.go(B)
    annotator.work.go(A)
    annotator.wait(lambda: annotator.state.shown == A)  # the first layer is there, the others come in turn
    layer = annotator.viewer.layers.selection.active
    with layer.block_history():
        layer.data_setitem((np.array([35]), np.array([50])), layer.selected_label)
    annotator.work.go(C)
    annotator.wait(lambda: annotator.state.shown == C)
    found = annotator.saved(A).labels
    assert [found[10 * class_id, 10] for class_id in (1, 2, 3)] == [1, 2, 3]
    assert found[35, 50] == layer.selected_label


def test_classes_whose_layers_never_came_are_not_erased(annotator, monkeypatch):
    from napari_cliptrase.plugin.layers.stored_layers import StoredLayers

    for class_id in (1, 2, 3):
        annotator.paint(class_id, 10 * class_id, 10)
    annotator.go(B)
    real = StoredLayers.put

    def first_only(self, *args, **how):
        yield next(real(self, *args, **how))
        raise RuntimeError("The graphics card is gone.")

    with monkeypatch.context() as patch, annotator.qtbot.captureExceptions() as errors:
        patch.setattr(StoredLayers, "put", first_only)
        annotator.work.go(A)
        annotator.wait(lambda: bool(errors))
        layer = annotator.viewer.layers.selection.active
        with layer.block_history():
            layer.data_setitem((np.array([10]), np.array([11])), layer.selected_label)
        annotator.work.saver.renew()  # what its timer calls
    annotator.go(C)
    found = annotator.saved(A).labels
    assert [found[10 * class_id, 10] for class_id in (1, 2, 3)] == [1, 2, 3]


def test_running_through_the_list_ends_at_the_last_wish(annotator):
    for name in (B, C, A, C):
        annotator.work.go(name)
    annotator.wait(lambda: annotator.state.shown == C)
    annotator.settle()
    assert [layer.name for layer in annotator.viewer.layers if layer.name.endswith(("0", "1"))] == []


def test_going_on_never_waits_for_the_model(annotator, monkeypatch):
    go = threading.Event()

    def blocked(*_):
        go.wait(60)
        yield
        raise CliptraseError("The model is slow today.")

    monkeypatch.setattr("napari_cliptrase.plugin.run.image_ahead.findings_steps", blocked)
    annotator.state.pre_annotating = True
    for name in (B, C, A):
        annotator.work.go(name)
        annotator.wait(lambda name=name: annotator.state.shown == name)
    annotator.wait(lambda: annotator.work.visits.idle)
    assert not go.is_set()
    annotator.paint(1)
    go.set()
    annotator.wait(lambda: annotator.work.idle)
    assert annotator.saved(A).labels[5, 5] == 1


@pytest.mark.slow
@pytest.mark.parametrize("refine", ["", "superpixels"])
def test_a_project_is_the_same_byte_for_byte_through_dock_and_command(
    annotators, photos, tmp_path_factory, monkeypatch, refine
):
    other = tmp_path_factory.mktemp("command") / "photos"
    shutil.copytree(photos, other)
    monkeypatch.setattr(
        sys, "argv", ["napari-cliptrase", "batch", str(other), "--prompts", "sky; sea; tree", "--model", "demo"]
    )
    if refine:
        sys.argv += ["--refine", refine]
    with contextlib.suppress(SystemExit):
        main()
    prompts = PromptSet.parse("sky\nsea\ntree")
    with Project.create(photos, prompts) as project:
        project.configure(refine=refine)
    person = annotators(photos)
    person.state.pre_annotating = True
    person.open()
    person.wait(lambda: person.session.segmented is not None)  # came after the image was on show
    for record in person.state.project:
        person.go(record.name)  # was found ahead of time
        person.wait(lambda name=record.name: person.state.record(name).state is State.PRE_ANNOTATED)
    assert person.session.segmented is not None
    person.work.close()
    assert comparable(photos) == comparable(other)


@pytest.mark.parametrize("end", ["cancelled", "failed", "late"])
def test_a_run_that_comes_to_nothing_leaves_every_file_of_the_folder(annotator, photos, monkeypatch, end):
    for name, class_id in ((B, 2), (A, 1)):
        annotator.go(name)
        annotator.paint(class_id)
    annotator.settle()
    before = comparable(photos)
    bench, image = annotator.bench, annotator.work.visits.image
    reached, go = threading.Event(), threading.Event()
    real = segment_planes.segment_plane_steps

    def held(*args, **how):
        reached.set()
        go.wait(60)
        yield Progress(0, 1, "encoding")
        if end == "failed":
            raise CliptraseError("The model is not well today.")
        return (yield from real(*args, **how))

    monkeypatch.setattr(segment_planes, "segment_plane_steps", held)
    source = plane_source_of(annotator.viewer, image, annotator.session.version_of(image))
    job = bench.runner.run(source, TOY)
    annotator.wait(reached.is_set)
    if end == "cancelled":
        job.cancel()
    if end == "late":
        annotator.work.go(B)
        annotator.wait(lambda: annotator.state.shown == B)
    go.set()
    annotator.wait(lambda: bench.runner.idle)
    annotator.settle()
    assert comparable(photos) == before
    if end == "late":
        assert [layer.name for layer in annotator.viewer.layers if layer.name.endswith("0")] == []


def comparable(folder):
    """Every file of a project, but for its lock and index, and the time that a person looked at an image."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    kept = {name: path for name, path in files.items() if not name.endswith(("lock.json", "lock.guard", "index.json"))}
    return {
        name: {**json.loads(path.read_text()), "seconds": 0} if "/state/" in name else path.read_bytes()
        for name, path in kept.items()
    }

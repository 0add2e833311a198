"""A folder from opening to closing, as the person at the viewer meets it."""

import numpy as np

from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.project.image_blocked import Remedy
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.pixel_provenance import Provenance

A, B, C = (f"image{number:04d}.png" for number in range(3))


def test_a_folder_becomes_a_project_with_the_classes_of_the_session(annotator, photos):
    assert annotator.state.shown == A
    assert [entry.name for entry in annotator.state.project.prompts] == ["cat", "dog", "cow"]
    assert (photos / "masks" / "classes.json").is_file()


def test_patterns_choose_the_images(annotators, photos):
    person = annotators(photos)
    project = person.open(NewProject(patterns=("*2.png",)))
    assert [record.name for record in project] == [C]


def test_a_stroke_is_saved_and_found_again_after_a_restart_on_the_same_image(annotator, annotators, photos):
    annotator.go(B)
    annotator.paint(2)
    assert np.unique(annotator.saved(B).labels).tolist() == [0, 2]
    annotator.work.stop()
    again = annotators(photos)
    again.open()
    assert again.state.shown == B
    layer = again.bench.layers.class_layers(again.work.visits.image)[2]
    np.testing.assert_array_equal(layer.data, annotator_labels := again.saved(B).labels)
    assert annotator_labels[5, 5] == 2
    assert again.state.record(B).state is State.IN_PROGRESS


def test_undo_is_saved_and_brings_back_the_state_of_the_mask(annotator):
    annotator.paint(1)
    annotator.saved(A)
    annotator.layer(1).undo()
    found = annotator.saved(A)
    assert not found.labels.any()
    assert not found.sources.any()
    annotator.layer(1).redo()
    assert annotator.saved(A).labels.any()


def test_undo_never_crosses_images(annotator):
    annotator.paint(1)
    annotator.go(B)
    annotator.paint(1, 20, 20)
    for _ in range(3):
        annotator.layer(1).undo()
    assert not annotator.saved(B).labels.any()
    assert annotator.saved(A).labels[5, 5] == 1


def test_what_is_erased_is_saved_empty_and_differs_from_never_opened(annotator):
    annotator.paint(1)
    annotator.paint(0, size=12)
    found = annotator.saved(A)
    assert not found.labels.any()
    assert found.sources[5, 5] == Provenance.HAND
    record = annotator.state.record(A)
    assert record.saved_empty
    assert record.state is State.IN_PROGRESS
    assert annotator.state.record(B).state is State.NEW
    assert not annotator.state.record(B).saved_empty


def test_hidden_classes_and_layers_are_saved_like_others(annotator):
    annotator.paint(1)
    annotator.paint(2, 20, 20)
    annotator.bench.visibility.hide(1, True)
    annotator.bench.visibility.set_solo(3)
    annotator.work.visits.image.visible = False
    annotator.paint(3, 30, 30)
    assert np.unique(annotator.saved(A).labels).tolist() == [0, 1, 2, 3]


def test_going_on_keeps_class_tool_and_hidden_classes(annotator):
    layer = annotator.layer(2)
    annotator.viewer.layers.selection.active = layer
    layer.mode, layer.brush_size = "paint", 17
    annotator.bench.visibility.hide(3, True)
    annotator.viewer.camera.zoom = 3.5
    annotator.go(B)
    layer = annotator.viewer.layers.selection.active
    assert (layer.name, layer.mode, layer.brush_size, layer.selected_label) == ("dog · image0001", "paint", 17, 2)
    assert annotator.session.active_class == 2
    assert annotator.bench.visibility.hidden == {3}
    assert annotator.viewer.camera.zoom == 3.5


def test_tool_and_zoom_stay_where_a_blocked_image_lies_between(annotator, photos):
    annotator.paint(2)
    annotator.settle()
    annotator.go(B)
    annotator.paint(1)
    annotator.settle()
    annotator.go(A)
    (photos / "masks" / "image0001.png").write_bytes(b"damaged")
    layer = annotator.layer(2)
    annotator.viewer.layers.selection.active = layer
    layer.mode, layer.brush_size = "paint", 17
    annotator.viewer.camera.zoom = 3.5
    annotator.work.go(B)
    annotator.wait(lambda: annotator.state.blocked is not None)
    annotator.go(C)
    layer = annotator.viewer.layers.selection.active
    assert (layer.name, layer.mode, layer.brush_size) == ("dog · image0002", "paint", 17)
    assert annotator.viewer.camera.zoom == 3.5


def test_the_report_is_written_beside_the_window(annotator, photos):
    ready = []
    annotator.paint(2, size=30)
    annotator.settle()
    annotator.work.write_report(ready.append)
    annotator.wait(lambda: bool(ready))
    assert ready == [photos / "report.html"]
    assert "dog" in (photos / "report.html").read_text(encoding="utf-8").partition("figcaption><b>image0000.png")[2]
    (photos / "report.html").unlink()
    (photos / "report.html").mkdir()
    annotator.work.write_report(ready.append)
    annotator.settle()
    assert len(ready) == 1
    assert "The report cannot be written" in annotator.failures[-1]


def test_only_the_image_on_show_has_layers(annotator):
    annotator.paint(1)
    annotator.viewer.add_points([[1, 1]], name="mine")
    for name in (B, C, A):
        annotator.go(name)
    assert sorted(layer.name for layer in annotator.viewer.layers) == ["cat · image0000", "image0000", "mine"]


def test_done_and_next_skips_what_is_finished(annotator):
    annotator.work.mark(State.DONE)
    annotator.go(C)
    annotator.work.mark(State.DONE, go_on=True)
    annotator.wait(lambda: annotator.state.shown == B)
    annotator.work.mark(State.EMPTY, go_on=True)
    annotator.settle()
    assert [record.state for record in annotator.state.project] == [State.DONE, State.EMPTY, State.DONE]


def test_an_image_with_labels_is_not_truly_empty(annotator):
    annotator.paint(1)
    annotator.work.mark(State.EMPTY)
    annotator.settle()
    assert annotator.state.record(A).state is State.IN_PROGRESS
    assert "not truly empty" in annotator.failures[0]


def test_a_review_accepts_and_sends_back(annotator):
    for name in (A, B):
        annotator.go(name)
        annotator.paint(1)
        annotator.work.mark(State.DONE)
        annotator.settle()
    annotator.state.reviewing = True
    annotator.state.order = (A, B)
    annotator.go(A)
    annotator.work.mark(State.REVIEWED, go_on=True)
    annotator.wait(lambda: annotator.state.shown == B)
    annotator.work.mark(State.IN_PROGRESS, go_on=True)
    annotator.settle()
    assert annotator.state.record(A).state is State.REVIEWED
    assert annotator.state.record(B).state is State.IN_PROGRESS
    assert (annotator.saved(A).sources == Provenance.REVIEWED).all()


def test_whoever_paints_in_a_reviewed_image_keeps_the_rest_reviewed(annotator):
    annotator.paint(1)
    annotator.work.mark(State.REVIEWED)
    annotator.settle()
    annotator.wait(lambda: annotator.state.shown == A)
    annotator.paint(2, 30, 30)
    found = annotator.saved(A)
    assert found.sources[5, 5] == Provenance.REVIEWED
    assert found.sources[30, 30] == Provenance.HAND
    assert annotator.state.record(A).state is State.DONE


def test_flags_carry_a_note(annotator):
    annotator.work.flag("glare")
    annotator.settle()
    assert annotator.state.record(A).flag == "glare"
    annotator.work.flag(None)
    annotator.settle()
    assert annotator.state.record(A).flag is None


def test_a_damaged_mask_blocks_its_image_and_a_way_out_opens_it(annotator, photos):
    annotator.paint(1)
    annotator.go(B)
    mask = photos / "masks" / "image0000.png"
    mask.write_bytes(b"no mask")
    annotator.work.go(A)
    annotator.wait(lambda: annotator.state.blocked is not None)
    annotator.settle()
    assert annotator.state.shown is None
    assert list(annotator.viewer.layers) == []
    assert mask.read_bytes() == b"no mask"
    annotator.work.resolve(Remedy.START_OVER)
    annotator.wait(lambda: annotator.state.shown == A)
    assert annotator.state.blocked is None
    assert not annotator.saved(A).labels.any()


def test_an_image_that_cannot_be_read_blocks_and_going_on_works(annotator, photos):
    (photos / B).write_bytes(b"no image")
    annotator.work.go(B)
    annotator.wait(lambda: annotator.state.blocked is not None)
    assert annotator.state.blocked.name == B
    annotator.work.step(1)
    annotator.wait(lambda: annotator.state.shown == C)
    assert annotator.state.blocked is None


def test_a_second_program_reads_only_and_changes_nothing(annotator, annotators, photos):
    annotator.paint(1)
    annotator.saved(A)
    before = {path: path.read_bytes() for path in photos.rglob("*.png")}
    other = annotators(photos)
    project = other.open()
    assert project.read_only
    assert "reading only" in " ".join(project.notes)
    other.work.go(A)
    other.settle()
    layer = other.bench.layers.class_layers(other.work.visits.image)[1]
    assert not layer.editable
    assert layer.data[5, 5] == 1
    layer.data_setitem((np.array([20]), np.array([20])), 1)
    other.work.mark(State.DONE)
    other.settle()
    assert {path: path.read_bytes() for path in photos.rglob("*.png")} == before
    assert other.state.record(A).state is State.IN_PROGRESS


def test_opening_something_else_says_why_not(annotators, tmp_path):
    person = annotators(tmp_path)
    person.work.open(tmp_path)
    person.wait(lambda: bool(person.failures))
    assert "not a project" in person.failures[0]


def test_deleting_the_layer_of_a_class_erases_it_in_the_mask(annotator):
    annotator.paint(1)
    annotator.paint(2, 20, 20)
    annotator.settle()
    annotator.viewer.layers.remove(annotator.layer(1))
    assert np.unique(annotator.saved(A).labels).tolist() == [0, 2]


def test_a_folder_that_is_closed_with_a_full_disk_is_saved_once_there_is_room(annotator, photos, monkeypatch):
    from napari_cliptrase.project import recorded_files
    from napari_cliptrase.project.project import Project

    real, full = recorded_files.write_bytes, [True]

    def write(path, data):
        if full[0]:
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(recorded_files, "write_bytes", write)
    annotator.paint(1)
    project = annotator.state.project
    annotator.work.close()
    assert annotator.state.project is None
    assert not project.read_only
    full[0] = False
    annotator.wait(lambda: project.read_only)
    assert Project.open(photos, write=False).read(A).labels[5, 5] == 1


def test_taking_the_image_out_of_the_viewer_leaves_its_mask_alone(annotator):
    annotator.paint(1)
    annotator.saved(A)
    annotator.viewer.layers.clear()
    annotator.settle()
    assert annotator.state.shown is None
    assert annotator.saved(A).labels[5, 5] == 1

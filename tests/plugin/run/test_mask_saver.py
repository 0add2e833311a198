import time
from itertools import count

import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.run import mask_saver
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.project.image_record import State
from napari_cliptrase.project.project import Project

A, B = "image0000.png", "image0001.png"


def test_a_stroke_is_on_the_disk_within_a_second(annotator, photos):
    annotator.paint(1)
    annotator.settle()  # the first stroke imports and compiles
    start = time.monotonic()
    annotator.paint(2, 20, 20)
    annotator.wait(lambda: annotator.state.project.record(A).pixels.get(2, 0) > 0)
    assert time.monotonic() - start < 1


def test_nothing_is_saved_while_a_run_is_half_written(annotator, monkeypatch):
    monkeypatch.setattr(mask_saver, "WHILE_WRITING", 0)
    image = annotator.work.visits.image
    target = plane_source_of(annotator.viewer, image, 0).target
    labels = np.repeat(np.array([1, 2, 3, 1], np.uint8), 10)[:, None] * np.ones((1, 60), np.uint8)
    steps = annotator.bench.layers.write_planes([PlaneResult(target, labels, annotator.session.prompts.table())])
    for _ in range(2):  # of three layers
        next(steps)
    turns = count()
    annotator.qtbot.waitUntil(lambda: next(turns) == 10)  # of the event loop, in each of which it looks again
    assert annotator.state.record(A).pixels == {}
    steps.close()  # cancelled: what was written is taken back
    annotator.settle()
    assert not annotator.saved(A).labels.any()
    assert annotator.state.record(A).state is State.NEW


def test_what_is_asked_for_later_happens_after_what_was_drawn(annotator):
    seen = []
    annotator.paint(1)
    annotator.work.saver.later(lambda: seen.append(annotator.state.project.record(A).pixels.get(1, 0)))
    annotator.settle()
    assert seen[0] > 0


def test_leaving_saves_what_was_drawn_a_moment_ago(annotator):
    annotator.paint(1)
    annotator.work.saver.leave()
    annotator.wait(lambda: annotator.state.project.record(A).pixels.get(1, 0) > 0)


@pytest.mark.parametrize("way", ["go", "close", "leave"])
def test_a_stroke_while_a_run_is_half_written_is_saved_when_the_image_is_left(annotator, photos, way):
    target = plane_source_of(annotator.viewer, annotator.work.visits.image, 0).target
    labels = np.repeat(np.array([1, 2, 3, 1], np.uint8), 10)[:, None] * np.ones((1, 60), np.uint8)
    steps = annotator.bench.layers.write_planes([PlaneResult(target, labels, annotator.session.prompts.table())])
    next(steps)
    annotator.paint(2)
    drawn = annotator.layer(2).data == 2
    next(steps)  # one of three layers is still to come
    if way == "go":
        annotator.work.go(B)
        annotator.wait(lambda: annotator.state.shown == B)
    elif way == "close":
        annotator.work.close()
    else:
        annotator.work.visits.leave()
    annotator.settle()
    with pytest.raises(CliptraseError):  # the image is gone
        for _ in range(5):
            next(steps)
    with Project.open(photos, write=False) as project:
        assert np.array_equal(project.read(A).labels == 2, drawn)
        assert set(np.unique(project.read(A).labels)) == {0, 2}  # and nothing of the run

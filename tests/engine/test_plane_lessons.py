import numpy as np
import pytest

from napari_cliptrase import Segmenter, Settings, load_model
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.plane_lessons import plane_lessons_steps
from napari_cliptrase.learn.lesson import LessonError
from napari_cliptrase.progress import run_to_end

QUICK = Settings(detail="coarse")


@pytest.fixture(scope="module")
def model():
    return load_model("demo", device="cpu")


@pytest.fixture(scope="module")
def scene():
    return paint_scene(0, (160, 200))


def test_each_class_of_a_mask_becomes_a_lesson_of_the_patches_that_it_covers(model, scene):
    segmenter = Segmenter(model, QUICK, text_caches=())
    labels = np.ones(scene.labels.shape, np.uint8)
    labels[80:] = 2
    lessons = run_to_end(plane_lessons_steps(segmenter, scene.image, labels, {1: "above", 2: "below"}))
    rows, columns = segmenter.encode(scene.image).grid
    assert [(lesson.class_name, len(lesson)) for lesson in lessons] == [
        ("above", rows // 2 * columns),
        ("below", rows // 2 * columns),
    ]
    assert {lesson.image for lesson in lessons} == {segmenter.encode(scene.image).image_sha256}


def test_ids_without_a_name_teach_nothing(model, scene):
    segmenter = Segmenter(model, QUICK, text_caches=())
    labels = np.ones(scene.labels.shape, np.uint8)
    assert run_to_end(plane_lessons_steps(segmenter, scene.image, labels, {2: "below"})) == ()


def test_a_mask_of_another_size_is_refused(model, scene):
    segmenter = Segmenter(model, QUICK, text_caches=())
    with pytest.raises(LessonError, match="30 × 20 pixels, not 200 × 160"):
        run_to_end(plane_lessons_steps(segmenter, scene.image, np.ones((20, 30), np.uint8), {1: "x"}))


def test_settings_that_crop_are_refused(model, scene):
    segmenter = Segmenter(model, Settings(detail="coarse", crop=True), text_caches=())
    with pytest.raises(LessonError, match="crop"):
        run_to_end(plane_lessons_steps(segmenter, scene.image, np.ones((160, 200), np.uint8), {1: "x"}))

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from napari_cliptrase.demo.canvas import Canvas
from napari_cliptrase.demo.plans import plan_scene
from napari_cliptrase.demo.things import PROPORTIONS, Thing
from napari_cliptrase.demo.words import IDS, NAMES, PAINTED, THINGS, world_classes
from napari_cliptrase.demo.world import paint_plan, paint_scene, paint_window


def test_a_seed_and_a_size_always_give_the_same_picture():
    first, again, other = paint_scene(5, (120, 160)), paint_scene(5, (120, 160)), paint_scene(6, (120, 160))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.instances, again.instances)
    assert not np.array_equal(first.image, other.image)


@pytest.mark.parametrize("size", [(336, 336), (97, 211), (300, 40)])
def test_every_pixel_has_a_class_and_an_element_of_that_class(size):
    scene = paint_scene(3, size)
    assert scene.image.shape == (*size, 3)
    assert scene.image.dtype == np.uint8
    assert scene.labels.shape == scene.instances.shape == size
    assert set(np.unique(scene.labels)) <= set(world_classes().ids)
    for instance in np.unique(scene.instances):
        assert len(np.unique(scene.labels[scene.instances == instance])) == 1
    assert scene.instances.min() >= 1


@pytest.mark.parametrize("name", sorted(THINGS))
def test_masks_end_where_the_paint_ends(name):
    # only pixels of the mask change, and the half covered ones around it; within, next to nothing shines through
    thing = Thing(name, foot=180.0, middle=100.0, size=150.0, seed=4, color=(PAINTED[name] or ("",))[0])
    canvas = Canvas.blank(0, 0, 200, 200)
    canvas.image[...] = (1.0, 0.0, 1.0)
    thing.paint(canvas, 7, 1)
    mask = canvas.labels == 7
    changed = np.abs(canvas.image - np.float32((1.0, 0.0, 1.0))).max(-1) > 1e-3
    assert not (changed & ~binary_dilation(mask, iterations=2)).any()
    assert changed[mask].all()
    y0, x0, y1, x1 = (int(edge) for edge in thing.box)
    assert not mask[: max(y0 - 2, 0)].any()
    assert not mask[:, : x0 - 2].any()
    assert mask[y0 : y1 + 1, x0 : x1 + 1].mean() > 0.3


def test_a_window_of_a_picture_is_the_same_as_that_part_of_the_whole():
    plan = plan_scene(8, (200, 260))
    whole = paint_plan(plan)
    part = paint_window(plan, 60, 90, 70, 110)
    assert np.array_equal(part.labels, whole.labels[60:130, 90:200])
    assert np.array_equal(part.instances, whole.instances[60:130, 90:200])


def test_the_world_is_varied():
    scenes = [paint_scene(seed, (112, 112)) for seed in range(150)]
    shares = np.stack([np.bincount(scene.labels.ravel(), minlength=1 + len(NAMES)) for scene in scenes]) / 112**2
    assert len(NAMES) >= 16
    assert ((shares[:, 1:] > 0.01).sum(0) >= 5).all(), "a class hardly occurs"
    assert 4 <= (shares > 0.01).sum(1).mean() <= 9, "classes in a picture"
    several = [len(np.unique(scene.instances[scene.labels == IDS[name]])) > 1 for scene in scenes for name in THINGS]
    assert sum(several) > 40
    means = np.stack([scene.image.mean((0, 1)) for scene in scenes])
    assert means.std(0).min() > 8, "every picture has the same light"


def test_things_are_large_enough_for_patches_of_sixteen_pixels():
    sizes = []
    for seed in range(60):
        plan = plan_scene(seed, (336, 336))
        for element in plan.elements:
            if isinstance(element, Thing):
                high, wide = PROPORTIONS[element.name]
                sizes.append(np.sqrt(high * wide) * element.size)
    assert min(sizes) > 2.5 * 16

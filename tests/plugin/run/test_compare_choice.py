import numpy as np
import pytest
from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.run.compare_choice import check_same_size, compare_choices, compared_plane
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of

LABELS = np.arange(24, dtype=np.uint8).reshape(4, 6) % 3


@pytest.fixture
def viewer():
    return ViewerModel()


def bench_with_classes(viewer):
    bench = workbench_of(viewer)
    image = viewer.add_image(np.zeros((4, 6, 3), np.uint8), rgb=True, name="scene")
    bench.session.image = image
    bench.session.prompts = PromptSet.parse("cat\ndog")
    target = plane_source_of(viewer, image, bench.session.version_of(image)).target
    bench.layers.write(PlaneResult(target, LABELS, bench.session.prompts.table(), {}))
    return bench


def test_classes_of_an_image_are_one_choice_and_other_label_layers_one_each(viewer):
    bench = bench_with_classes(viewer)
    viewer.add_labels(LABELS, name="truth")
    choices = compare_choices(bench.session)
    assert [choice.title for choice in choices] == ["Classes of scene", "truth"]
    plane = compared_plane(bench.session, bench.layers, choices[0])
    assert np.array_equal(plane.named.labels, LABELS)
    assert plane.named.names == {1: "cat", 2: "dog"}
    other = compared_plane(bench.session, bench.layers, choices[1])
    assert np.array_equal(other.named.labels, LABELS)
    assert other.named.names == {}


def test_two_label_layers_need_no_image_and_the_plane_on_screen_counts(viewer):
    bench = workbench_of(viewer)
    stack = np.stack([LABELS, LABELS + 1, LABELS + 2])
    layer = viewer.add_labels(stack, name="stack", scale=(5, 1, 1))
    flat = viewer.add_labels(LABELS + 1, name="flat")
    viewer.dims.set_point(0, 5)
    first, second = compare_choices(bench.session)
    assert (first.layer, second.layer) == (layer, flat)
    one, two = (compared_plane(bench.session, bench.layers, choice) for choice in (first, second))
    assert np.array_equal(one.named.labels, two.named.labels)
    assert one.target.plane == (1,)
    check_same_size(one, two)


def test_layers_of_other_sizes_are_one_sentence(viewer):
    bench = workbench_of(viewer)
    viewer.add_labels(LABELS, name="small")
    viewer.add_labels(LABELS.repeat(2, 0), name="tall")
    small, tall = (compared_plane(bench.session, bench.layers, choice) for choice in compare_choices(bench.session))
    with pytest.raises(CliptraseError, match="The labels are 6 × 4 and 6 × 8 pixels; choose two layers of the same"):
        check_same_size(small, tall)


def test_layers_of_several_resolutions_are_refused(viewer):
    bench = workbench_of(viewer)
    viewer.add_labels([LABELS, LABELS[::2, ::2]], name="pyramid", multiscale=True)
    (choice,) = compare_choices(bench.session)
    with pytest.raises(CliptraseError, match="'pyramid' has several resolutions"):
        compared_plane(bench.session, bench.layers, choice)

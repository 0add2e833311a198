"""What an annotator does from the sample to the files, with the models that ship."""

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.samples import COAST
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.plugin import commands


@pytest.fixture(scope="module")
def truth():
    return paint_scene(COAST, (504, 672))


def classes_in(scene):
    shown = set(np.unique(scene.labels).tolist())
    return [entry.name for entry in scene.classes if entry.id in shown]


def iou(one, other):
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


@pytest.mark.slow
def test_from_the_sample_to_the_files(window, truth, tmp_path):
    viewer, session = window.viewer, window.session
    viewer.open_sample("napari-cliptrase", "landscape")
    image = session.images[0]
    session.image = image
    names = classes_in(truth)
    session.prompts = PromptSet.parse("\n".join(names))

    # run
    window.segment("demo")
    ids = {entry.name: entry.id for entry in session.prompts.classes}
    truth_ids = {entry.name: entry.id for entry in truth.classes}
    large = max(names, key=lambda name: np.count_nonzero(truth.labels == truth_ids[name]))
    assert iou(window.labels() == ids[large], truth.labels == truth_ids[large]) > 0.5

    # paint
    target = session.segmented.source.target
    layers = window.workbench.layers.class_layers(image)
    painted = layers[ids[large]]
    other = next(name for name in names if name != large and ids[name] in layers)
    place = np.argwhere(painted.data == ids[large])[0]
    brushed = layers[ids[other]]
    brushed.brush_size = 9
    brushed.paint(tuple(place), ids[other])
    edited = np.zeros(target.shape, bool)
    edited[tuple(place)] = True
    assert window.workbench.layers.edited(target)[tuple(place)]

    # change a prompt; live scores write again
    before = window.labels().copy()
    runs = []
    window.workbench.layers.written.connect(runs.append)
    session.prompts = PromptSet.parse("\n".join([*names, "nowhere seen thing"]))
    window.wait(lambda: bool(runs))
    window.idle()
    assert window.labels()[edited].tolist() == [ids[other]]

    # undo
    window.workbench.layers.undo_last_run()
    np.testing.assert_array_equal(window.labels(), before)

    # split and combine
    commands.run_combine(viewer)
    combined = window.workbench.layers.combined_layer(image)
    np.testing.assert_array_equal(combined.data, window.labels())
    for layer in list(window.workbench.layers.class_layers(image).values()):
        viewer.layers.remove(layer)
    commands.run_split(viewer)
    np.testing.assert_array_equal(window.labels(), combined.data)

    # export
    export = window.dock("Export masks")
    export.folder.setText(str(tmp_path))
    export.export.click()
    window.wait(lambda: "Written to" in export.preview.text())
    with Image.open(tmp_path / "landscape.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), window.labels())

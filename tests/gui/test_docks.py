"""Each job of each dock once in a real window, where napari refuses layers touched outside of the GUI thread."""

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.widgets.explore.patch_maps import PatchMap


@pytest.fixture
def scene(window, picture):
    layer = window.viewer.add_image(picture, rgb=True, name="scene", scale=(0.5, 0.5), rotate=10)
    window.session.image = layer
    window.session.prompts = PromptSet.parse("sky\nmeadow\nsun")
    return window


def test_segment_region_explore_refine_export(scene, tmp_path):
    window, session, workbench = scene, scene.session, scene.workbench
    window.segment()
    assert workbench.layers.class_layers(session.image)

    tool = workbench.region_tool
    tool.set_on(True)
    window.idle()
    world = session.image.data_to_world((70, 20))
    window.wait(lambda: tool.part_at(world) is not None)
    tool.set_on(False)

    explore = window.dock("Explore patches")
    window.wait(lambda: explore.map_of(PatchMap.ATTENTION) is not None)
    explore.look_at(70, 20)
    explore.overlay.setCurrentIndex(explore.overlay.findData(str(PatchMap.DENOISED)))
    assert "Explored patch" in [layer.name for layer in window.viewer.layers]

    refine = window.dock("Refine boundaries")
    refine.preview.setChecked(True)
    window.wait(lambda: "would change" in refine.message.text())
    refine.apply.click()
    window.idle()

    export = window.dock("Export masks")
    export.folder.setText(str(tmp_path))
    export.export.click()
    window.wait(lambda: "Written to" in export.preview.text())
    with Image.open(tmp_path / "scene.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), window.labels())


def test_closing_a_dock_leaves_nothing_behind(scene):
    window = scene
    window.segment()
    callbacks = len(window.viewer.mouse_move_callbacks)
    layers = len(window.viewer.layers)
    explore = window.dock("Explore patches")
    window.wait(lambda: explore.map_of(PatchMap.ATTENTION) is not None)
    explore.overlay.setCurrentIndex(explore.overlay.findData(str(PatchMap.CLS)))
    window.viewer.window.remove_dock_widget(explore)
    window.wait(lambda: len(window.viewer.mouse_move_callbacks) == callbacks)
    window.wait(lambda: len(window.viewer.layers) == layers)
    window.viewer.layers.remove("scene")


@pytest.mark.parametrize(
    "name", ["Segment by text", "Refine boundaries", "Explore patches", "Export masks", "Annotate folder"]
)
def test_docks_open_without_torch_and_fit_420_pixels(name, tmp_path):
    import subprocess
    import sys

    code = (
        "import sys, napari\n"
        "viewer = napari.Viewer(show=False)\n"
        f"_, dock = viewer.window.add_plugin_dock_widget('napari-cliptrase', {name!r})\n"
        "width = dock.minimumSizeHint().width()\n"
        "assert width <= 420, width\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
        "viewer.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]

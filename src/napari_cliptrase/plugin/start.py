"""Open napari with a painted scene, the dock, its classes, and a run under way: `napari-cliptrase demo`."""

import napari

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.first_look import first_look
from napari_cliptrase.plugin.widgets.segment.segment_dock import SegmentDock
from napari_cliptrase.plugin.workbench import workbench_of


def open_demo() -> None:
    """Show the demo and stay until its window is closed."""
    show_demo(napari.Viewer(title="CLIPtrase demo"))
    napari.run()


def show_demo(viewer: napari.Viewer) -> SegmentDock:
    """Put scene and dock into a viewer and start a run with the model that ships."""
    image, prompts = first_look()
    layer = viewer.add_image(image, name="landscape", rgb=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-cliptrase", "Segment by text")
    session = workbench_of(viewer).session
    session.image = layer
    session.prompts = PromptSet.parse(prompts)
    dock.model.choose("demo")
    dock.run()
    return dock

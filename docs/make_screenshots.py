"""Drive the real plugin and take the pictures of the documentation.

    python docs/make_screenshots.py                    # needs a display; on a server: xvfb-run -a python ...
    python docs/make_screenshots.py --only refine explore --out /tmp/pictures

Every picture is of the plugin at work on a painted scene with the shipped models.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import napari
import numpy as np
from napari.qt import get_current_stylesheet
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QWidget
from scipy.ndimage import distance_transform_edt
from tifffile import imwrite

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.demo.first_look import first_look
from napari_cliptrase.demo.panorama import Panorama
from napari_cliptrase.demo.samples import COAST, SAMPLE_SIZE
from napari_cliptrase.demo.words import THINGS
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.settings import Detail
from napari_cliptrase.plugin.run.folder_work import NewProject
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.widgets.cheat_sheet import CheatSheet
from napari_cliptrase.plugin.widgets.explore.patch_maps import PatchMap
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.project.image_record import State

PLUGIN = "napari-cliptrase"
WINDOW = (1400, 880)
NARROW = 420
PATIENCE = 900
SLIDE = 5, (4200, 5600)
"""Seed and shape of the panorama that stands for a slide."""
SLIDE_CLASSES = ("sky", "mountain", "sea", "sand", "grass", "snow", "tree", "house", "wheat field", "car", "road")


class Studio:
    """A viewer with a painted scene, and the docks as they are asked for."""

    def __init__(self, folder: Path, model: str, sam: str) -> None:
        self.folder = folder
        self.model = model
        self.sam = sam
        self.viewer = napari.Viewer(title="napari")
        self.viewer.window.resize(*WINDOW)
        self.workbench = workbench_of(self.viewer)
        self.session = self.workbench.session
        self.docks: dict[str, QWidget] = {}

    def dock(self, name: str) -> QWidget:
        """Open a dock, or bring it to the front."""
        if name not in self.docks:
            frame, widget = self.viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=bool(self.docks))
            self.docks[name] = widget
        frame = self.docks[name].parent()
        while frame is not None and not hasattr(frame, "raise_"):
            frame = frame.parent()
        self.docks[name].show()
        if frame is not None:
            frame.show()
            frame.raise_()
        self.settle()
        self.viewer.reset_view()
        return self.docks[name]

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Let the window live until something is the case."""
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise SystemExit(f"{what} did not happen within {PATIENCE} s.")
            QApplication.processEvents()
            time.sleep(0.01)
        self.settle()

    def settle(self, seconds: float = 0.4) -> None:
        """Let the window draw itself."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.01)

    def idle(self) -> None:
        """Wait until no work is under way."""
        self.wait(lambda: not self.workbench.jobs.running(), "The end of the work")

    def window(self, name: str) -> None:
        """Take a picture of the whole window."""
        self.settle()
        pixels = self.viewer.window.screenshot(canvas_only=False, flash=False)
        self.save(name, np.asarray(pixels)[..., :3])

    def only(self, name: str, widget: QWidget) -> None:
        """Take a picture of one widget."""
        self.settle()
        picture = widget.grab().toImage()
        picture = picture.convertToFormat(picture.Format.Format_RGB888)
        width, height, stride = picture.width(), picture.height(), picture.bytesPerLine()
        bits = picture.constBits()
        data = bits.asstring(stride * height) if hasattr(bits, "asstring") else bytes(bits)
        self.save(name, np.frombuffer(data, np.uint8).reshape(height, stride)[:, : 3 * width].reshape(height, width, 3))

    def save(self, name: str, pixels: np.ndarray) -> None:
        """Write a picture."""
        path = self.folder / f"{name}.png"
        Image.fromarray(pixels).save(path, optimize=True)
        print(f"{path}  {pixels.shape[1]} x {pixels.shape[0]}  {path.stat().st_size / 1000:.0f} kB")

    # -- scenes -------------------------------------------------------------------------------------------------------

    def open_scene(self) -> None:
        """Put the painted scene into the viewer and its classes into the table."""
        image, prompts = first_look()
        layer = self.viewer.add_image(image, name="landscape", rgb=True)
        self.session.image = layer
        self.session.prompts = PromptSet.parse(prompts)
        self.dock("Segment by text").model.choose(self.model)
        self.settle()

    def segment(self) -> None:
        """Run, and wait for the layers."""
        dock = self.dock("Segment by text")
        dock.run()
        self.wait(lambda: self.session.segmented is not None, "A segmentation")
        self.idle()

    def thing(self, name: str = "") -> tuple[float, float]:
        """Pixel in the middle of a thing of the scene, by default the largest; its class becomes the active one."""
        labels, _ = self.workbench.layers.combined(self.session.encoded.source.target)
        things = {entry.id for entry in self.session.prompts.classes if entry.name in ({name} if name else THINGS)}
        sizes = {class_id: np.count_nonzero(labels == class_id) for class_id in things}
        largest = max(sizes, key=sizes.__getitem__)
        depth = distance_transform_edt(np.pad(labels == largest, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        self.session.active_class = largest
        self.settle()
        return float(row), float(column)

    def at(self, row: float, column: float) -> tuple[float, ...]:
        """World position of a pixel of the image."""
        return tuple(self.session.image.data_to_world((row, column)))


def segment(studio: Studio) -> None:
    """The main dock: empty, filled, running, done, dark and light, narrow."""
    dock = studio.dock("Segment by text")
    studio.only("segment-empty", dock)
    studio.open_scene()
    studio.only("segment-ready", dock)
    dock.run()
    studio.settle(0.2)
    studio.only("segment-running", dock)
    studio.wait(lambda: studio.session.segmented is not None, "A segmentation")
    studio.idle()
    studio.window("segment-result-dark")
    studio.viewer.theme = "light"
    studio.window("segment-result-light")
    studio.viewer.theme = "dark"
    narrow(studio, "segment-narrow", dock)


def region(studio: Studio) -> None:
    """The region tool over a region."""
    studio.dock("Segment by text")
    studio.workbench.region_tool.set_on(True)
    studio.idle()
    hover(studio, *studio.thing())
    studio.window("region-tool")
    studio.workbench.region_tool.set_on(False)


def learning(studio: Studio) -> None:
    """Words that the model does not know, three strokes, and what they would change."""
    dock, session = studio.dock("Segment by text"), studio.session
    known, shown = session.prompts, session.segmented
    session.prompts = PromptSet.from_names("firmament", "brine", "dune", "scree")
    studio.wait(lambda: session.segmented is not shown, "New scores")
    for class_id in set(known.ids) - set(session.prompts.ids):
        studio.workbench.layers.drop_class(class_id)
    dock.learning.learn.click()
    for class_id, place in ((1, (0.1, 0.1)), (2, (0.45, 0.2)), (3, (0.9, 0.2)), (4, (0.28, 0.3))):
        target = session.encoded.source.target
        rows, columns = np.ogrid[: target.shape[0], : target.shape[1]]
        row, column = (share * side for share, side in zip(place, target.shape, strict=True))
        disc = np.hypot(rows - row, columns - column) < target.shape[0] / 14
        session.active_class = class_id
        studio.workbench.layers.assign(target, disc, class_id)
        studio.wait(lambda: studio.workbench.learner.idle, "A lesson")
        studio.idle()
    studio.window("learning")
    dock.learning.learn.click()
    studio.workbench.learner.forget()
    session.prompts = known
    studio.idle()


def explore(studio: Studio) -> None:
    """The maps of one patch, one of them on the image."""
    dock = studio.dock("Explore patches")
    studio.idle()
    dock.look_at(*studio.thing())
    studio.idle()
    dock.overlay.setCurrentIndex(dock.overlay.findData(str(PatchMap.DENOISED)))
    studio.window("explore")
    narrow(studio, "explore-narrow", dock)
    dock.overlay.setCurrentIndex(0)


def refine(studio: Studio) -> None:
    """A preview of a refinement, and the dock alone."""
    dock = studio.dock("Refine boundaries")
    dock.preview.setChecked(True)
    studio.wait(lambda: "would change" in dock.message.text(), "A preview")
    studio.window("refine")
    dock.preview.setChecked(False)
    narrow(studio, "refine-narrow", dock)


def sam(studio: Studio) -> None:
    """A mask drawn with one click."""
    dock = studio.dock("Refine boundaries")
    dock.controls.sam.setCurrentIndex(max(dock.controls.sam.findData(studio.sam), 0))
    dock.drawing.button.setChecked(True)
    studio.idle()
    dock.sam_tool.click(*studio.thing("balloon"))
    studio.idle()
    studio.window("sam-clicks")
    dock.sam_tool.stop()


def export(studio: Studio) -> None:
    """The export dock with its preview."""
    dock = studio.dock("Export masks")
    dock.folder.setText("masks")
    studio.wait(lambda: "Files:" in dock.preview.text(), "A preview")
    studio.window("export")
    narrow(studio, "export-narrow", dock)


def compare(studio: Studio) -> None:
    """Errors of the classes against the true masks of the scene."""
    viewer = studio.viewer
    scene = paint_scene(COAST, SAMPLE_SIZE)
    names = {entry.id: entry.name for entry in scene.classes}
    features = {"index": list(names), "class": list(names.values())}
    truth = viewer.add_labels(scene.labels, name="truth", features=features, visible=False)
    dock = studio.dock("Compare with ground truth")
    dock.compare.click()
    studio.wait(lambda: "mean IoU" in dock.message.text(), "A comparison")
    studio.window("compare")
    viewer.layers.remove(truth)


def keys(studio: Studio) -> None:
    """The cheat sheet."""
    sheet = CheatSheet(studio.dock("Segment by text"))
    sheet.show()
    studio.only("keys", sheet)
    sheet.close()


def folder(studio: Studio) -> None:
    """A folder of painted scenes: one done, one under way, the rest to come; in a viewer of its own."""
    with TemporaryDirectory() as made:
        scenes = Path(made) / "coast"
        scenes.mkdir()
        for number in range(5):
            Image.fromarray(paint_scene(number + 5, (336, 448)).image).save(scenes / f"coast_{number:02d}.png")
        other = Studio(studio.folder, studio.model, studio.sam)
        work = other.workbench.folder
        other.session.prompts = PromptSet.parse(first_look()[1])
        other.session.model_choice = ModelChoice(studio.model)
        dock = other.dock("Annotate folder")
        dock.open(scenes, NewProject())
        other.wait(lambda: other.session.segmented is not None and work.idle, "The first image")
        work.mark(State.DONE, go_on=True)
        other.wait(lambda: work.state.shown == "coast_01.png" and work.idle, "The next image")
        work.flag("half of the balloon is cut off")
        layer = other.viewer.layers.selection.active
        layer.mode, layer.brush_size = "paint", 20
        with layer.block_history():
            layer.paint((30, 60), layer.selected_label)
        other.wait(lambda: work.idle and dock.thumbnails.idle, "Saving")
        other.settle(1)
        other.window("folder-dark")
        other.viewer.theme = "light"
        other.window("folder-light")
        other.viewer.theme = "dark"
        narrow(other, "folder-narrow", dock)
        other.viewer.close()
        work.stop()


def large(studio: Studio) -> None:
    """A large image that was labelled window by window; in a viewer of its own."""
    with TemporaryDirectory() as made:
        slide = Path(made) / "slide.tif"
        imwrite(slide, Panorama(*SLIDE)[:, :])
        other = Studio(studio.folder, studio.model, studio.sam)
        (other.session.image,) = other.viewer.open(slide, plugin="napari")
        other.session.prompts = PromptSet.parse("\n".join(SLIDE_CLASSES))
        dock = other.dock("Segment by text")
        dock.model.choose(studio.model)
        other.session.settings = replace(other.session.settings, detail=Detail.FULL)
        other.settle()
        layers = len(other.viewer.layers)
        dock.run()
        other.wait(lambda: len(other.viewer.layers) > layers, "The layer of the labels")
        other.idle()
        other.viewer.reset_view()
        other.window("large-done-dark")
        other.viewer.close()


SCENES = {
    scene.__name__: scene
    for scene in (segment, region, learning, explore, refine, sam, export, compare, keys, folder, large)
}


def narrow(studio: Studio, name: str, widget: QWidget) -> None:
    """Take a picture of a dock on its own at the width of a narrow window."""
    docks, parent = widget.parent(), widget.parent()
    widget.setParent(None, Qt.WindowType.Window)
    widget.setStyleSheet(get_current_stylesheet())
    widget.resize(NARROW, 900)
    widget.show()
    studio.only(name, widget)
    widget.setStyleSheet("")
    widget.setParent(parent)
    if hasattr(docks, "setWidget"):
        docks.setWidget(widget)
    widget.show()
    studio.settle()


def hover(studio: Studio, row: float, column: float) -> None:
    """Move the mouse over a pixel of the image, as far as the plugin is concerned."""

    class Event:
        position = studio.at(row, column)
        type = "mouse_move"

    for callback in list(studio.viewer.mouse_move_callbacks):
        callback(studio.viewer, Event)


def main() -> None:
    """Take the pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=SCENES, default=list(SCENES))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--sam", default="demo")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    studio = Studio(chosen.out, chosen.model, chosen.sam)
    if "segment" not in chosen.only:
        studio.open_scene()
        studio.segment()
    for name in SCENES:
        if name in chosen.only:
            SCENES[name](studio)
    studio.viewer.close()


if __name__ == "__main__":
    main()

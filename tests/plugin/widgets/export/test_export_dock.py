import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image as Picture
from qtpy.QtCore import Qt

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.plugin.docks import ExportMasks
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import Output
from napari_cliptrase.plugin.workbench import workbench_of

LABELS = np.zeros((20, 30), np.uint8)
LABELS[:10] = 1
LABELS[10:, :15] = 2


@pytest.fixture
def viewer():
    return ViewerModel()


def segmented(viewer, name="scene", **how):
    workbench = workbench_of(viewer)
    session = workbench.session
    image = viewer.add_image(np.zeros((20, 30, 3), np.uint8), name=name, rgb=True)
    source = plane_source_of(viewer, image, session.version_of(image))
    workbench.layers.write(PlaneResult(source.target, LABELS, PromptSet.parse("cat\ndog").table()), **how)
    return image


@pytest.fixture
def dock(viewer, qtbot, tmp_path):
    dock = ExportMasks(viewer)
    qtbot.addWidget(dock)
    dock.folder.setText(str(tmp_path / "out"))
    dock.show()
    return dock


def preview_of(dock, qtbot):
    qtbot.waitUntil(lambda: "Files:" in dock.preview.text(), timeout=60_000)
    return dock.preview.text()


def export(dock, qtbot):
    dock.export.click()
    qtbot.waitUntil(lambda: dock.export.isEnabled(), timeout=60_000)
    return dock.preview.text()


def test_without_a_label_layer_the_dock_says_what_to_do(dock):
    assert not dock.export.isEnabled()
    assert "Segment by text" in dock.preview.text()


def test_the_preview_names_files_and_losses_before_anything_is_written(viewer, dock, qtbot, tmp_path):
    segmented(viewer)
    text = preview_of(dock, qtbot)
    assert "scene.png" in text
    assert "450 labelled pixels" in text
    assert "Nothing is lost" in text
    assert not (tmp_path / "out").exists()


def test_export_writes_the_masks_as_the_layers_show_them(viewer, dock, qtbot, tmp_path):
    segmented(viewer)
    text = export(dock, qtbot)
    assert "Written to" in text
    with Picture.open(tmp_path / "out" / "scene.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), LABELS)
    assert dock.open_folder.isEnabled()


def test_the_files_are_those_of_the_mask_library(viewer, dock, qtbot, tmp_path):
    from napari_cliptrase.masks.label_image import LabelImage

    segmented(viewer)
    dock.format.setCurrentIndex(dock.format.findData("coco"))
    export(dock, qtbot)
    table = PromptSet.parse("cat\ndog").table()
    FORMATS["coco"].write(LabelImage(LABELS, table, stem="scene"), tmp_path / "by_hand")
    written = (tmp_path / "out" / "annotations.json").read_bytes()
    assert written == (tmp_path / "by_hand" / "annotations.json").read_bytes()


def test_the_command_line_writes_the_same_bytes(viewer, dock, qtbot, tmp_path):
    from typer.testing import CliRunner

    from napari_cliptrase.cli.app import app

    segmented(viewer)
    export(dock, qtbot)
    dock.format.setCurrentIndex(dock.format.findData("coco"))
    export(dock, qtbot)
    mask, out = tmp_path / "out" / "scene.png", tmp_path / "by_command"
    done = CliRunner().invoke(app, ["export", str(mask), "--to", "coco", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert (out / "annotations.json").read_bytes() == (tmp_path / "out" / "annotations.json").read_bytes()


@pytest.mark.parametrize("key", ["coco", "png", "labelme"])
def test_an_image_of_a_project_is_exported_as_the_command_exports_the_project(
    annotator, photos, qtbot, tmp_path_factory, key
):
    from typer.testing import CliRunner

    from napari_cliptrase.cli.app import app

    annotator.paint(1)
    annotator.paint(3, 30, 30)
    annotator.bench.visibility.hide(3, True)
    annotator.settle()
    out = tmp_path_factory.mktemp("out")
    dock = ExportMasks(annotator.viewer)
    qtbot.addWidget(dock)
    dock.folder.setText(str(out / "dock"))
    dock.format.setCurrentIndex(dock.format.findData(key))
    export(dock, qtbot)
    done = CliRunner().invoke(app, ["export", str(photos), "--to", key, "--out", str(out / "command")])
    assert done.exit_code == 0, done.output
    by_dock, by_command = (
        {
            path.relative_to(out / side).as_posix(): path.read_bytes()
            for path in (out / side).rglob("*")
            if path.is_file() and not path.name.startswith(".") and "records" not in path.parts
        }
        for side in ("dock", "command")
    )
    assert by_dock == by_command


def test_only_checked_layers_are_exported(viewer, dock, qtbot, tmp_path):
    segmented(viewer)
    (cat,) = dock.masks.findItems("cat", Qt.MatchFlag.MatchRecursive)
    cat.setCheckState(0, Qt.CheckState.Unchecked)
    export(dock, qtbot)
    with Picture.open(tmp_path / "out" / "scene.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.where(LABELS == 2, 2, 0))


def test_overlapped_pixels_are_counted(viewer, dock, qtbot):
    image = segmented(viewer)
    layers = workbench_of(viewer).layers.class_layers(image)
    rows, columns = np.nonzero(LABELS == 2)
    layers[1].data_setitem((rows[:7], columns[:7]), 1)
    assert "7 overlapped pixels" in preview_of(dock, qtbot)


def test_painting_renews_the_preview(viewer, dock, qtbot):
    image = segmented(viewer)
    preview_of(dock, qtbot)
    layer = workbench_of(viewer).layers.class_layers(image)[2]
    layer.data_setitem((np.array([15]), np.array([25])), 2)
    qtbot.waitUntil(lambda: "451 labelled pixels" in dock.preview.text(), timeout=60_000)


def test_both_kinds_of_layers_are_exported_once(viewer, dock, qtbot):
    segmented(viewer, output=Output.BOTH)
    assert "1 image" in preview_of(dock, qtbot)


def test_several_images_become_several_masks(viewer, dock, qtbot, tmp_path):
    segmented(viewer, "one")
    segmented(viewer, "two")
    export(dock, qtbot)
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"one.png", "two.png"}


def test_a_renamed_or_removed_layer_is_followed(viewer, dock):
    layer = viewer.add_labels(np.eye(4, dtype=int), name="cells")
    layer.name = "nuclei"
    assert dock.masks.topLevelItem(0).text(0) == "nuclei"
    viewer.layers.remove(layer)
    assert dock.masks.topLevelItemCount() == 0
    assert not dock.export.isEnabled()


def test_a_name_pattern_with_a_slip_disables_export(viewer, dock):
    segmented(viewer)
    dock.pattern.setText("{imgae}")
    assert not dock.export.isEnabled()
    assert "{imgae}" in dock.preview.text()


def test_two_masks_of_one_name_are_refused_in_words(viewer, dock, qtbot, tmp_path):
    segmented(viewer, "one")
    segmented(viewer, "two")
    dock.pattern.setText("mask")
    assert "different names" in export(dock, qtbot)
    assert not (tmp_path / "out").exists()


def test_files_that_would_be_replaced_are_named(viewer, dock, qtbot):
    segmented(viewer)
    export(dock, qtbot)
    dock.strict.toggle()
    qtbot.waitUntil(lambda: "Replaces 3 files" in dock.preview.text(), timeout=60_000)


@pytest.mark.parametrize("width", [300, 420])
def test_the_dock_fits_a_narrow_window(viewer, dock, qtbot, width):
    segmented(viewer, "an image with a very long name that goes on and on and on")
    preview_of(dock, qtbot)
    assert dock.minimumSizeHint().width() <= width


def test_every_control_has_a_tooltip(dock):
    from qtpy.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    for kind in (QAbstractButton, QComboBox, QLineEdit):
        assert all(widget.toolTip() for widget in dock.findChildren(kind) if widget.parent() is dock)


@pytest.mark.parametrize("answer", [True, False])
def test_a_mask_that_was_edited_since_is_replaced_only_when_the_user_says_so(
    viewer, dock, qtbot, tmp_path, monkeypatch, answer
):
    asked = []
    monkeypatch.setattr(
        "napari_cliptrase.plugin.widgets.export.export_dock.ask_to_overwrite",
        lambda parent, refused: bool(asked.append(refused.reason)) or answer,
    )
    segmented(viewer)
    export(dock, qtbot)
    export(dock, qtbot)
    assert not asked, "what was written here and left alone is replaced without a question"
    mask = tmp_path / "out" / "scene.png"
    Picture.new("P", (30, 20), 2).save(mask)
    edited = mask.read_bytes()
    text = export(dock, qtbot)
    assert len(asked) == 1
    assert str(mask) in asked[0]
    if answer:
        assert "Written to" in text
        with Picture.open(mask) as picture:
            np.testing.assert_array_equal(np.asarray(picture), LABELS)
    else:
        assert "Nothing was written" in text
        assert mask.read_bytes() == edited

import json

import napari
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.plugins.io import save_layers
from napari.utils.notifications import notification_manager
from npe2 import PluginManager
from PIL import Image as Picture
from typer.testing import CliRunner

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli.app import app
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.plugin.io import writers
from napari_cliptrase.plugin.io.mask_sources import axes_known_to, mask_of, sources_in
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.layers.appearance import apply_classes
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.results import Segmented
from napari_cliptrase.plugin.state.tags import Role, Tag, set_tag
from napari_cliptrase.plugin.workbench import workbench_of

TABLE = ClassTable.from_names("cat", "dog")


@pytest.fixture(autouse=True)
def _manifest():
    """Writers are found through the manifest, as File ▸ Save Selected Layers finds them."""
    manager = PluginManager.instance()
    if "napari-cliptrase" not in {manifest.name for manifest in manager.iter_manifests()}:
        manager.discover(include_npe1=False)


def class_layer(labels, class_id, name, table=TABLE, image="1", image_name="a"):
    layer = Labels(np.where(labels == class_id, class_id, 0).astype(np.uint8), name=name)
    tag = Tag(Role.CLASS, image, image_name, str(layer.unique_id), class_id, name=name, classes=table.to_json())
    set_tag(layer, tag)
    apply_classes(layer, table)
    return layer


LABELS = np.array([[1, 1, 0], [2, 0, 0]], np.uint8)


def saved(path, layers, display_name=None):
    """Save as the dialog does when the user picks the writer by its name."""
    manager = PluginManager.instance()
    types = [layer.as_layer_data_tuple()[2] for layer in layers]
    found = [
        writer
        for writer in manager.iter_compatible_writers(types)
        if writer.command.startswith("napari-cliptrase.")
        and any(str(path).endswith(e) for e in writer.filename_extensions)
        and (display_name is None or writer.display_name == display_name)
    ]
    return save_layers(str(path), list(layers), _writer=found[-1])[0]


def test_napari_saves_labels_as_png(tmp_path):
    layer = class_layer(LABELS, 1, "cat")
    written = layer.save(str(tmp_path / "a.png"))
    assert str(tmp_path / "a.png") in written
    with Picture.open(tmp_path / "a.png") as image:
        assert np.asarray(image).tolist() == [[1, 1, 0], [0, 0, 0]]


def test_a_viewer_saves_selected_class_layers_into_one_mask(tmp_path):
    viewer = ViewerModel()
    viewer.add_layer(class_layer(LABELS, 1, "cat · a"))
    viewer.add_layer(class_layer(LABELS, 2, "dog · a"))
    saved(tmp_path / "a.tif", viewer.layers)
    (mask,) = FORMATS["tiff"].read(tmp_path / "a.tif")
    assert mask.labels.tolist() == LABELS.tolist()
    assert [(e.id, e.name, e.color) for e in mask.classes] == [(e.id, e.name, e.color) for e in TABLE]


@pytest.mark.parametrize(
    ("name", "display_name", "key"),
    [
        ("a.png", None, "png"),
        ("a.tif", None, "tiff"),
        ("a.npz", None, "npz"),
        ("a.json", "COCO stuff", "coco"),
        ("a.json", "COCO instances", "coco-instances"),
        ("a.json", "labelme", "labelme"),
        ("a.json", "Label Studio tasks", "label-studio"),
        ("a.xml", None, "cvat"),
        ("a.geojson", None, "geojson"),
        ("a.seg.nrrd", None, "seg-nrrd"),
        ("a.nii.gz", None, "nifti"),
        ("a.ome.zarr", None, "ome-zarr"),
        ("a.ome.tif", "OME-TIFF", "ome-tiff"),
    ],
)
def test_each_writer_writes_what_the_library_writes(name, display_name, key, tmp_path):
    layer = Labels(LABELS, name="a")
    apply_classes(layer, TABLE)
    saved(tmp_path / name, [layer], display_name)
    (mask,) = writers.masks_of([layer.as_layer_data_tuple()])
    report = FORMATS[key].write(mask, tmp_path / "library" / name)
    for path in report.files:
        if path.is_file():
            assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert FORMATS[key].read(tmp_path / name)[0].labels.tolist() == LABELS.tolist()


def test_scale_units_and_position_go_along(tmp_path):
    layer = Labels(np.ones((2, 3, 4), np.uint8), scale=(2, 0.5, 0.25), translate=(1, 2, 3), units=("um",) * 3)
    (mask,) = writers.masks_of([layer.as_layer_data_tuple()])
    assert (mask.scale, mask.origin, mask.units) == ((2, 0.5, 0.25), (1, 2, 3), ("micrometer",) * 3)


def test_hidden_layers_are_saved_like_others(tmp_path):
    layer = class_layer(LABELS, 1, "cat")
    layer.visible = False
    saved(tmp_path / "a.npz", [layer])
    assert FORMATS["npz"].read(tmp_path / "a.npz")[0].counts == {0: 4, 1: 2}


def test_layers_of_two_images_are_two_masks(tmp_path):
    one, two = class_layer(LABELS, 1, "one"), class_layer(LABELS, 2, "two", image="2", image_name="b")
    saved(tmp_path / "x.json", [one, two], "COCO stuff")
    names = [image["file_name"] for image in json.loads((tmp_path / "x.json").read_text())["images"]]
    assert names == ["a.png", "b.png"]
    with pytest.raises(MaskFormatError, match="one after the other"):
        writers.write_png(str(tmp_path / "x.png"), [layer.as_layer_data_tuple() for layer in (one, two)])


def test_plain_label_layers_are_a_mask_each(tmp_path):
    cells, nuclei = Labels(LABELS, name="cells"), Labels(np.flipud(LABELS), name="nuclei")
    saved(tmp_path / "x.json", [cells, nuclei], "COCO stuff")
    masks = FORMATS["coco"].read(tmp_path / "x.json")
    assert [mask.stem for mask in masks] == ["cells", "nuclei"]
    assert [mask.class_pixels for mask in masks] == [3, 3]
    with pytest.raises(MaskFormatError, match="one after the other"):
        saved(tmp_path / "x.tif", [cells, nuclei])


def test_a_copy_of_a_class_layer_is_a_mask_of_its_own():
    layer = class_layer(LABELS, 1, "cat")
    copy = Labels(LABELS * 0 + 1, name="cat copy", metadata=dict(layer.metadata))
    masks = writers.masks_of([copy.as_layer_data_tuple(), layer.as_layer_data_tuple()])
    assert [(mask.stem, mask.class_pixels, mask.overlapped) for mask in masks] == [("a", 2, 0), ("cat copy", 6, 0)]


def test_overlaps_and_a_lost_rotation_are_reported(tmp_path):
    one, two = class_layer(LABELS, 1, "one"), class_layer(LABELS, 2, "two")
    two.data[0, 0] = 2
    for layer in (one, two):
        layer.rotate = 30
    before = len(notification_manager.records)
    saved(tmp_path / "x.json", [one, two], "COCO stuff")
    shown_text = [record.message for record in notification_manager.records[before:]]
    assert any("1 overlapped pixel " in text for text in shown_text)
    assert any("rotation" in text for text in shown_text)


@pytest.mark.parametrize("change", [{"scale": (2, 2)}, {"translate": (5, 5)}, {"rotate": 30}, {"units": ("um", "um")}])
def test_layers_that_do_not_lie_on_each_other_are_no_mask(tmp_path, change):
    one, two = class_layer(LABELS, 1, "one"), class_layer(LABELS, 2, "two")
    for name, value in change.items():
        setattr(two, name, value)
    with pytest.raises(MaskFormatError, match=f"'one' and 'two' of a differ in {next(iter(change))}"):
        saved(tmp_path / "x.png", [one, two])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["png", "coco", "tiff", "labelme", "geojson", "npz", "ome-tiff", "seg-nrrd"])
def test_saving_writes_the_bytes_of_the_dock_and_of_the_command_line(key, tmp_path):
    labels = np.kron(LABELS, np.ones((20, 20), np.uint8))
    Picture.fromarray(np.zeros((*labels.shape, 3), np.uint8)).save(tmp_path / "photo.jpg")
    viewer = ViewerModel()
    (image,) = viewer.open(str(tmp_path / "photo.jpg"), plugin="napari")
    workbench = workbench_of(viewer)
    session = workbench.session
    source = plane_source_of(viewer, image, session.version_of(image))
    workbench.layers.write(PlaneResult(source.target, labels, TABLE))
    viewer.add_labels(labels + 4, name="cells")
    form = FORMATS[key]
    for source in sources_in(viewer.layers):
        mask = mask_of(source)
        end = form.extensions[0]
        form.write(mask, tmp_path / "dock" / f"{mask.stem}{end}")
        data = [layer.as_layer_data_tuple() for layer in source.layers]
        writers.writer_for(key)(str(tmp_path / "saved" / f"{mask.stem}{end}"), data)
        FORMATS["npz"].write(mask, tmp_path / f"{mask.stem}.npz")
        arguments = ["export", str(tmp_path / f"{mask.stem}.npz"), "--to", key]
        done = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "command" / f"{mask.stem}{end}")])
        assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "dock").iterdir())
    assert f"photo{end}" in names
    assert f"cells{end}" in names
    for path in (tmp_path / "dock").iterdir():
        assert (tmp_path / "saved" / path.name).read_bytes() == path.read_bytes()
        assert (tmp_path / "command" / path.name).read_bytes() == path.read_bytes()


def test_an_image_is_no_label_layer(tmp_path):
    layers = [Image(np.zeros((2, 3))).as_layer_data_tuple()]
    with pytest.raises(MaskFormatError, match="not a label layer"):
        writers.write_png(str(tmp_path / "a.png"), layers)


def test_two_layers_that_call_one_label_differently_are_refused(tmp_path):
    one, two = Labels(LABELS, name="one"), Labels(LABELS, name="two")
    apply_classes(one, TABLE)
    apply_classes(two, ClassTable.from_names("car"))
    with pytest.raises(MaskFormatError, match="'cat' in one mask and 'car' in two"):
        writers.write_coco(str(tmp_path / "a.json"), [layer.as_layer_data_tuple() for layer in (one, two)])


def test_rows_and_columns_are_those_that_the_user_set(tmp_path, monkeypatch):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((4, 5, 6)), name="stack")
    workbench = workbench_of(viewer)
    session = workbench.session
    source = plane_source_of(viewer, image, session.version_of(image), roles=AxisRoles("YZX"))
    workbench.layers.write(PlaneResult(source.target, np.ones((4, 6), np.uint8), TABLE))
    session.segmented = Segmented(source, None, ())
    monkeypatch.setattr(napari, "current_viewer", lambda: viewer)
    (source,) = sources_in(viewer.layers)
    expected = mask_of(source, axes_of=axes_known_to(session)).labels
    (mask,) = writers.masks_of([layer.as_layer_data_tuple() for layer in source.layers])
    assert mask.labels.shape == (5, 4, 6)
    np.testing.assert_array_equal(mask.labels, expected)


def test_a_mask_that_was_edited_since_stays_where_nobody_can_be_asked(tmp_path):
    layer = class_layer(LABELS, 1, "cat")
    path = tmp_path / "a.png"
    saved(path, [layer])
    saved(path, [layer])
    Picture.new("P", (3, 2), 2).save(path)
    edited = path.read_bytes()
    with pytest.raises(MaskFormatError, match=r"was changed since it was written.*choose another name"):
        saved(path, [layer])
    assert path.read_bytes() == edited


@pytest.mark.parametrize("answer", [True, False])
def test_a_mask_that_was_edited_since_is_asked_about_in_a_window(tmp_path, monkeypatch, answer):
    layer = class_layer(LABELS, 1, "cat")
    path = tmp_path / "a.png"
    Picture.new("P", (3, 2), 2).save(path)
    edited = path.read_bytes()
    monkeypatch.setattr(napari, "current_viewer", ViewerModel)
    monkeypatch.setattr(writers, "ask_to_overwrite", lambda parent, refused: answer)
    if answer:
        saved(path, [layer])
    else:
        with pytest.raises(MaskFormatError, match="nothing was written"):
            saved(path, [layer])
    assert (path.read_bytes() == edited) is not answer

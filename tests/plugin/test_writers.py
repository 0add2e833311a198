import json

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.plugins.io import save_layers
from npe2 import PluginManager
from PIL import Image as Picture

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.classes import ClassTable
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.plugin import writers
from napari_cliptrase.plugin.layers.looks import dress

TABLE = ClassTable.from_names("cat", "dog")


@pytest.fixture(autouse=True)
def _manifest():
    """Writers are found through the manifest, as File ▸ Save Selected Layers finds them."""
    manager = PluginManager.instance()
    if "napari-cliptrase" not in manager._manifests:
        manager.discover(include_npe1=False)


def class_layer(labels, class_id, name):
    layer = Labels(np.where(labels == class_id, class_id, 0).astype(np.uint8), name=name)
    dress(layer, TABLE)
    return layer


LABELS = np.array([[1, 1, 0], [2, 0, 0]], np.uint8)


def saved(path, layers, display_name=None):
    """Save as the dialog does when the user picks the writer by its name."""
    manager = PluginManager.instance()
    types = [layer._type_string for layer in layers]
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
    dress(layer, TABLE)
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
    one, two = class_layer(LABELS, 1, "one"), class_layer(LABELS, 2, "two")
    one.metadata = {"cliptrase": {"image": "1", "image_name": "a", "classes": TABLE.to_json()}}
    two.metadata = {"cliptrase": {"image": "2", "image_name": "b", "classes": TABLE.to_json()}}
    saved(tmp_path / "x.json", [one, two], "COCO stuff")
    names = [image["file_name"] for image in json.loads((tmp_path / "x.json").read_text())["images"]]
    assert names == ["a.png", "b.png"]
    with pytest.raises(MaskFormatError, match="name a folder"):
        writers.write_png(str(tmp_path / "x.png"), [layer.as_layer_data_tuple() for layer in (one, two)])


def test_an_image_is_no_label_layer(tmp_path):
    layers = [Image(np.zeros((2, 3))).as_layer_data_tuple()]
    with pytest.raises(MaskFormatError, match="no label layer"):
        writers.write_png(str(tmp_path / "a.png"), layers)


def test_two_layers_that_call_one_label_differently_are_refused(tmp_path):
    one, two = class_layer(LABELS, 1, "one"), class_layer(LABELS, 1, "two")
    dress(two, ClassTable.from_names("car"))
    with pytest.raises(MaskFormatError, match="'cat' in one mask and 'car' in layer 'two'"):
        writers.write_png(str(tmp_path / "a.png"), [layer.as_layer_data_tuple() for layer in (one, two)])

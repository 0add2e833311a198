import json
from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import notification_manager
from napari_builtins.io import napari_get_reader
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.plugin.io.mask_sources import mask_of, sources_in
from napari_cliptrase.plugin.io.readers import MOST_MASKS, get_reader, read
from napari_cliptrase.plugin.io.writers import masks_of
from napari_cliptrase.plugin.layers import table_of
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project

TABLE = ClassTable((MaskClass(1, "cat", (128, 0, 0), prompts=("kitten",)), MaskClass(4, "dog", (0, 128, 0))), void=255)
MASK = LabelImage(
    np.array([[1, 1, 0], [4, 255, 0]], np.uint8),
    TABLE,
    stem="a",
    image_name="a.jpg",
    scale=(0.5, 0.25),
    units=("micrometer",) * 2,
    origin=(3.0, 4.0),
)


def opened(path):
    reader = get_reader(str(path))
    assert reader is not None
    viewer = ViewerModel()
    for data, meta, kind in reader(str(path)):
        assert kind == "labels"
        viewer.add_labels(data, **meta)
    return list(viewer.layers)


def color_of(layer, label):
    return [round(255 * float(part)) for part in layer.get_color(label)[:3]]


def test_a_class_table_brings_back_named_coloured_layers_in_place(tmp_path):
    FORMATS["png"].write(MASK, tmp_path / "masks")
    cat, dog, void = opened(tmp_path / "masks/classes.json")
    assert [layer.name for layer in (cat, dog, void)] == ["cat · a", "dog · a", "void · a"]
    assert cat.data.tolist() == [[1, 1, 0], [0, 0, 0]]
    assert dog.data.tolist() == [[0, 0, 0], [4, 0, 0]]
    assert void.data.max() == 255
    assert color_of(cat, 1) == [128, 0, 0]
    assert color_of(dog, 4) == [0, 128, 0]
    assert cat.scale.tolist() == [0.5, 0.25]
    assert cat.translate.tolist() == [3, 4]
    assert str(cat.units[0]) == "micrometer"
    assert cat.features.to_dict("list") == {"index": [0, 1, 4], "class": ["background", "cat", "dog"]}
    assert table_of(cat) == TABLE


@pytest.mark.parametrize("key", ["coco", "labelme", "cvat", "geojson", "seg-nrrd", "ome-zarr", "label-studio"])
def test_masks_of_other_tools_open_as_layers(key, tmp_path):
    form = FORMATS[key]
    report = form.write(MASK, tmp_path / f"a{form.extensions[0]}")
    path = next(path for path in report.files if path.name.endswith(form.extensions[0]))
    layers = {layer.name.split(" ")[0]: layer for layer in opened(path)}
    assert layers["cat"].data.tolist() == [[1, 1, 0], [0, 0, 0]]
    assert layers["dog"].data.tolist() == [[0, 0, 0], [4, 0, 0]]
    assert color_of(layers["dog"], 4) == [0, 128, 0]


def test_several_masks_are_one_layer_each(tmp_path):
    FORMATS["coco"].write([MASK, MASK.renamed("b")], tmp_path / "c.json")
    layers = opened(tmp_path / "c.json")
    assert [layer.name for layer in layers] == ["a", "a-2"]
    assert layers[0].data.tolist() == [[1, 1, 0], [4, 0, 0]]


def test_more_masks_than_a_layer_list_bears_are_cut_with_a_warning(tmp_path):
    FORMATS["coco"].write((MASK.renamed(f"m{i}") for i in range(MOST_MASKS + 1)), tmp_path / "c.json")
    assert len(opened(tmp_path / "c.json")) == MOST_MASKS
    assert f"the first {MOST_MASKS} were opened" in notification_manager.records[-1].message


def test_an_empty_mask_opens_as_an_empty_layer(tmp_path):
    FORMATS["coco"].write(LabelImage(np.zeros((2, 3), np.uint8), TABLE, stem="a"), tmp_path / "c.json")
    (layer,) = opened(tmp_path / "c.json")
    assert not layer.data.any()
    assert [entry.name for entry in table_of(layer)] == ["cat", "dog"]


def test_a_stack_keeps_its_axes(tmp_path):
    mask = LabelImage(np.ones((2, 3, 4), np.uint8), TABLE, axes="ZYX", stem="a")
    FORMATS["tiff"].write(mask, tmp_path)
    (layer,) = opened(tmp_path / "classes.json")
    assert layer.data.shape == (2, 3, 4)
    assert layer.axis_labels == ("z", "y", "x")


def test_files_of_others_are_left_to_others(tmp_path):
    (tmp_path / "package.json").write_text(json.dumps({"name": "x"}))
    (tmp_path / "a.xml").write_text("<html/>")
    for name in ("package.json", "a.xml", "missing.json"):
        assert get_reader(str(tmp_path / name)) is None


def test_layers_can_be_saved_again_without_change(tmp_path):
    FORMATS["png"].write(MASK, tmp_path / "masks")
    layers = opened(tmp_path / "masks/classes.json")
    assert all(isinstance(layer, Labels) for layer in layers)
    (mask,) = masks_of([layer.as_layer_data_tuple() for layer in layers])
    assert mask.labels.tolist() == MASK.labels.tolist()
    assert (mask.stem, mask.classes, mask.scale, mask.origin) == ("a", TABLE, MASK.scale, MASK.origin)
    assert mask.image_name == "a.jpg"
    FORMATS["png"].write(mask, tmp_path / "again")
    for path in (tmp_path / "masks").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_the_dock_sees_one_mask_with_its_void(tmp_path):
    FORMATS["png"].write(MASK, tmp_path / "masks")
    (source,) = sources_in(opened(tmp_path / "masks/classes.json"))
    mask = mask_of(source)
    assert mask.classes == TABLE
    assert mask.void_pixels == 1
    assert FORMATS["coco"].preview(mask, tmp_path / "c.json").losses


def test_masks_of_several_images_stay_apart(tmp_path):
    other = LabelImage(np.flipud(MASK.labels), TABLE, stem="b")
    FORMATS["npz"].write([MASK, other], tmp_path / "two")
    layers = read(str(tmp_path / "two"))
    masks = masks_of(layers)
    assert [mask.labels.tolist() for mask in masks] == [MASK.labels.tolist(), other.labels.tolist()]
    assert [mask.classes for mask in masks] == [TABLE, TABLE]
    for mask in (MASK, other):
        FORMATS["png"].write(mask, tmp_path / f"{mask.stem}.png")
    layers = [*read(str(tmp_path / "a.png")), *read(str(tmp_path / "b.png"))]
    assert [mask.stem for mask in masks_of(layers)] == ["a", "b"]


def test_a_file_opened_twice_gives_two_masks(tmp_path):
    FORMATS["png"].write(MASK, tmp_path / "a.png")
    masks = masks_of([*read(str(tmp_path / "a.png")), *read(str(tmp_path / "a.png"))])
    assert [(mask.class_pixels, mask.overlapped) for mask in masks] == [(3, 0), (3, 0)]


def test_object_numbers_come_along_and_go_back(tmp_path):
    objects = np.array([[1, 2, 0], [3, 0, 0]], np.uint8)
    FORMATS["coco-instances"].write(replace(MASK, instances=objects), tmp_path / "c.json")
    layers = opened(tmp_path / "c.json")
    assert [layer.name for layer in layers] == ["cat · a", "dog · a", "objects · a"]
    assert not layers[-1].visible
    (alone,) = masks_of([layers[-1].as_layer_data_tuple()])
    assert [entry.name for entry in alone.classes] == ["class 1", "class 2", "class 3"]
    (mask,) = masks_of([layer.as_layer_data_tuple() for layer in layers])
    FORMATS["coco-instances"].write(mask, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "c.json").read_bytes()


def test_void_follows_its_class_layers_to_an_image(tmp_path):
    FORMATS["png"].write(MASK, tmp_path / "masks")
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((2, 3)), name="a", scale=MASK.scale, translate=MASK.origin, units=MASK.units)
    for data, meta, _ in read(str(tmp_path / "masks")):
        viewer.add_labels(data, **meta)
    workbench = workbench_of(viewer)
    session = workbench.session
    geometry = plane_source_of(viewer, image, session.version_of(image)).target.geometry
    assert len(workbench.layers.registry.adopt(image, geometry)) == 2
    (source,) = sources_in(viewer.layers)
    assert source.image is image
    assert mask_of(source).void_pixels == 1
    assert mask_of(source).image_name == "a.jpg"


def test_napari_opens_the_masks_of_a_project_without_an_export(tmp_path):
    """With this package as label layers with the names of the classes, and by napari alone, with the ids as values."""
    drawn = np.arange(12, dtype=np.uint8).reshape(3, 4) % 3
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((3, 4, 3), np.uint8)).save(tmp_path / name)
    with Project.create(tmp_path, PromptSet.parse("cat\ndog: puppy")) as project:
        for name in ("a.png", "b.png"):
            project.write(name, drawn, np.full_like(drawn, Provenance.HAND))
        layers = opened(tmp_path / "masks")
        assert [layer.name for layer in layers] == ["a", "b"]
        for layer in layers:
            assert np.array_equal(layer.data, drawn)
            assert [(entry.id, entry.name) for entry in table_of(layer)] == [(1, "cat"), (2, "dog")]
        (plain,) = napari_get_reader(str(tmp_path / "masks" / "a.png"))(str(tmp_path / "masks" / "a.png"))
        assert plain[0].shape[:2] == drawn.shape

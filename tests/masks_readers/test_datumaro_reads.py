"""Datumaro as the reader of its own format, COCO, CVAT and VOC."""

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.export_options import ExportOptions, Palette
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

datumaro = pytest.importorskip("datumaro", reason="its pins keep datumaro in an environment of its own")

GOLDEN = np.array(
    [[0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 2], [0, 1, 0, 1, 0, 2], [0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0]], np.uint8
)


def random_masks(count, seed=0):
    """Masks of noise and blobs: corner touches, holes, empty and full ones."""
    random = np.random.default_rng(seed)
    for number in range(count):
        height, width = random.integers(1, 14, 2)
        labels = random.choice([0, 1, 2, 9], (height, width), p=random.dirichlet([1, 1, 1, 1])).astype(np.uint8)
        table = ClassTable((MaskClass(1, "naïve 犬 🐶", (128, 0, 0)), MaskClass(2, "a, b & <c>", (0, 128, 0)),
                            MaskClass(9, "x/y", (9, 9, 9))))  # fmt: skip
        yield LabelImage(labels, table, stem=f"m{number}")


def masks():
    golden = LabelImage(GOLDEN, ClassTable.from_names("cat", "dog"), stem="golden")
    return [golden], list(random_masks(12))


def write_images(folder, group):
    folder.mkdir(parents=True)
    for mask in group:
        Image.fromarray(np.zeros((*mask.shape, 3), np.uint8)).save(folder / f"{mask.stem}.png")


def painted(dataset, item, mask):
    """Labels from the masks that datumaro gives for an item, ids by class name."""
    names = [label.name for label in dataset.categories()[datumaro.AnnotationType.label]]
    ids = {entry.name: entry.id for entry in mask.classes}
    labels = np.zeros(mask.shape, np.int64)
    for annotation in item.annotations:
        if annotation.type is datumaro.AnnotationType.mask and names[annotation.label] in ids:
            assert not (labels != 0)[annotation.image.astype(bool)].any()
            labels[annotation.image.astype(bool)] = ids[names[annotation.label]]
    return labels


@pytest.mark.parametrize("group", [0, 1])
@pytest.mark.parametrize(
    ("key", "target", "name"),
    [
        ("datumaro", "", "datumaro"),
        ("coco", "annotations/stuff_train.json", "coco_stuff"),
        ("coco-instances", "annotations/instances_train.json", "coco_instances"),
        ("cvat", "annotations.xml", "cvat"),
    ],
)
@pytest.mark.parametrize("objects", [False, True])
def test_masks_are_read_exactly(group, key, target, name, objects, tmp_path):
    chosen = masks()[group]
    images = {"datumaro": "images/train", "cvat": "images"}.get(key, "images/train")
    write_images(tmp_path / images, chosen)
    FORMATS[key].write(chosen, tmp_path / target, ExportOptions(instances=objects))
    source = tmp_path / target if key == "cvat" else tmp_path
    dataset = datumaro.Dataset.import_from(str(source), name)
    items = {item.id.split("/")[-1]: item for item in dataset}
    assert set(items) == {mask.stem for mask in chosen}
    for mask in chosen:
        np.testing.assert_array_equal(painted(dataset, items[mask.stem], mask), mask.labels)


def test_the_voc_tree_is_read_exactly(tmp_path):
    (golden,), _ = masks()
    write_images(tmp_path / "JPEGImages", [golden])
    FORMATS["voc"].write(golden, tmp_path, ExportOptions(palette=Palette.VOC))
    dataset = datumaro.Dataset.import_from(str(tmp_path), "voc_segmentation")
    (item,) = dataset
    np.testing.assert_array_equal(painted(dataset, item, golden), golden.labels)

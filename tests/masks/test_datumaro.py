import json

import numpy as np
from pycocotools import mask as coco

from napari_cliptrase.masks.datumaro import FORMAT
from napari_cliptrase.masks.export_options import ExportOptions


def test_pycocotools_decodes_the_masks(golden, tmp_path):
    FORMAT.write(golden, tmp_path, ExportOptions(subset="val"))
    data = json.loads((tmp_path / "annotations/val.json").read_text())
    names = [label["name"] for label in data["categories"]["label"]["labels"]]
    (item,) = data["items"]
    assert (item["id"], item["image"]) == ("a", {"path": "a.png", "size": [5, 6]})
    found = {names[a["label_id"]]: coco.decode(a["rle"]) for a in item["annotations"]}
    np.testing.assert_array_equal(found["cat"], golden.labels == 1)
    np.testing.assert_array_equal(found["dog"], golden.labels == 2)


def test_a_file_of_datumaro_itself_is_read(golden, tmp_path):
    FORMAT.write([golden, golden.renamed("sub/b")], tmp_path)
    path = tmp_path / "annotations/train.json"
    data = json.loads(path.read_text())
    del data["infos"]
    data["items"][0]["annotations"].append({"type": "bbox", "label_id": 0})
    path.write_text(json.dumps(data))
    one, two = FORMAT.read(path)
    assert one.labels.tolist() == np.where(golden.labels == 255, 0, golden.labels).tolist()
    assert [entry.name for entry in two.classes] == ["cat", "dog"]
    assert (one.stem, two.stem) == ("a", "sub/b")
    assert "'bbox'" in one.notes[0]

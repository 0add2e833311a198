import json

import numpy as np
from hypothesis import given
from PIL import Image

from napari_cliptrase.masks.coco_panoptic import FORMAT
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.label_image import LabelImage


def numbers_of(path):
    """Segment numbers by the formula of the COCO panoptic API, from Pillow's pixels."""
    pixels = np.asarray(Image.open(path)).astype(np.uint32)
    return pixels[..., 0] + 256 * pixels[..., 1] + 256 * 256 * pixels[..., 2]


def test_segments_and_pixels_agree(planes, new_folder):
    @given(planes())
    def check(mask):
        folder = new_folder()
        FORMAT.write(mask, folder, ExportOptions(instances=True))
        data = json.loads((folder / "panoptic.json").read_text())
        (annotation,) = data["annotations"]
        numbers = numbers_of(folder / "panoptic" / annotation["file_name"])
        segments = {s["id"]: s for s in annotation["segments_info"]}
        assert set(np.unique(numbers).tolist()) - {0} == set(segments)
        for number, segment in segments.items():
            rows, columns = np.nonzero(numbers == number)
            assert segment["area"] == len(rows)
            box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            assert segment["bbox"] == box
            assert set(mask.labels[numbers == number].tolist()) == {segment["category_id"]}

    check()


def test_many_objects_use_all_three_channels(tmp_path):
    labels = np.zeros((40, 40), np.uint8)
    labels[::2, ::2] = 1
    FORMAT.write(LabelImage(labels, stem="a"), tmp_path, ExportOptions(instances=True))
    assert int(numbers_of(tmp_path / "panoptic/a.png").max()) == 400
    data = json.loads((tmp_path / "panoptic.json").read_text())
    assert data["categories"][0]["isthing"] == 1


def test_stuff_has_one_segment_per_class(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    data = json.loads((tmp_path / "panoptic.json").read_text())
    assert [s["id"] for s in data["annotations"][0]["segments_info"]] == [1, 2]
    assert data["categories"][0] == {"id": 1, "name": "cat", "supercategory": "", "isthing": 0, "color": [128, 0, 0]}

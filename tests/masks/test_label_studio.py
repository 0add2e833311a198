import json
from xml.dom import minidom

import numpy as np

from napari_cliptrase.masks.label_studio import FORMAT


def test_tasks_hold_predictions_that_fit_the_configuration(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    (task,) = json.loads((tmp_path / "tasks.json").read_text())
    assert task["data"] == {"image": "a.png"}
    (prediction,) = task["predictions"]
    config = minidom.parse(str(tmp_path / "tasks.config.xml"))
    brush = config.getElementsByTagName("BrushLabels")[0]
    labels = {
        node.getAttribute("value"): node.getAttribute("background") for node in brush.getElementsByTagName("Label")
    }
    assert labels == {"cat": "#800000", "dog": "#008000"}
    for result in prediction["result"]:
        assert (result["from_name"], result["to_name"]) == (brush.getAttribute("name"), brush.getAttribute("toName"))
        assert (result["original_width"], result["original_height"]) == (6, 5)
        assert result["value"]["brushlabels"][0] in labels
    assert len({result["id"] for result in prediction["result"]}) == 2


def test_what_people_drew_goes_before_what_a_model_proposed(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    tasks[0]["annotations"] = [{"result": tasks[0]["predictions"][0]["result"][1:]}]
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    (mask,) = FORMAT.read(tmp_path / "tasks.json")
    np.testing.assert_array_equal(mask.labels, np.where(golden.labels == 2, 2, 0))


def test_results_that_are_no_brush_are_noted(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "t.json")
    (task,) = json.loads((tmp_path / "t.json").read_text())
    polygon = {"type": "polygonlabels", "original_width": 6, "original_height": 5, "value": {"polygonlabels": ["cat"]}}
    task["annotations"] = [{"result": [polygon]}, {"result": []}]
    del task["meta"]
    (tmp_path / "t.json").write_text(json.dumps([task, {"data": {"image": "b.png"}}]))
    (mask,) = FORMAT.read(tmp_path / "t.json")
    assert (mask.shape, mask.class_pixels) == ((5, 6), 0)
    assert mask.notes == (
        "a.png: results of type 'polygonlabels' were left out.",
        "a.png: the first of 2 versions was read.",
    )

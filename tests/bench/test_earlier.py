import json
from dataclasses import replace

import pytest

from napari_cliptrase.bench.earlier import EarlierRun
from napari_cliptrase.bench.row import Row
from napari_cliptrase.errors import CliptraseError

ROW = Row("encode", 50.0, 100.0, "ms", 0.5, 1.0, True, "half the time")


@pytest.fixture
def earlier(tmp_path):
    data = {"on": {"threads": 2, "torch": "2.4"}, "measurements": [ROW.as_data()]}
    (tmp_path / "before.json").write_text(json.dumps(data))
    return EarlierRun.read(tmp_path / "before.json")


def test_a_figure_is_a_multiple_of_the_earlier_one(earlier):
    assert earlier.change(replace(ROW, figure=0.4)) == pytest.approx(0.8)
    assert earlier.change(replace(ROW, name="another")) is None


def test_other_surroundings_are_named(earlier):
    assert earlier.differences({"threads": 2, "torch": "2.4", "cores": 9}) == []
    assert earlier.differences({"threads": 4, "processor": "X"}) == [
        "processor: unknown then, X now",
        "threads: 2 then, 4 now",
    ]


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"on": 1, "measurements": [{}]}', '{"measurements": [1]}'])
def test_another_file_is_refused_with_its_name_and_the_way_out(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CliptraseError, match=r"x\.json is not a file of .*bench --json"):
        EarlierRun.read(tmp_path / "x.json")

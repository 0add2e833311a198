import numpy as np
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.evaluate.long_lists import interval, strangers


def test_strangers_are_no_names_of_the_painted_world_and_always_the_same():
    names = strangers()
    assert len(set(names)) == 180
    assert not set(names) & set(NAMES)
    assert names == strangers()


def test_an_interval_holds_its_score_and_is_a_point_for_equal_scenes():
    right = np.zeros((21, 21), np.int64)
    right[1, 1], right[1, 2] = 3, 1
    wrong = right.T.copy()
    cell = interval([right, wrong, right, right])
    assert cell.low <= cell.score <= cell.high
    assert cell.low < cell.high
    assert str(interval([right, right])) == "75.0 (75.0 to 75.0)"


def test_the_command_writes_a_row_for_each_list():
    done = CliRunner().invoke(app, ["evaluate", "long-lists", "--scenes", "2", "--recovery", "cliptrase"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "| recovery | list | off | purify 0.05 | peak 0.3 |"
    assert [line.split("|")[2].strip() for line in lines[2:]] == ["20 names", "200 names"]

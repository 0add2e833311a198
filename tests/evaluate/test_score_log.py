from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.evaluate.class_counts import ImageCounts
from napari_cliptrase.evaluate.score_log import ScoreLog, ScoreLogError

HEADER = {"row": "cliptrase", "model": "demo", "settings": {"eps": None}}
COUNTS = ImageCounts.of(np.zeros((3, 3), np.int32), np.ones((3, 3), np.int32), 2, {9: 1})


def log_with(path: Path, *names: str) -> ScoreLog:
    log = ScoreLog(path)
    log.begin(HEADER)
    for name in names:
        log.add(name, COUNTS)
    return log


def test_what_is_added_is_read_back(tmp_path: Path) -> None:
    log = log_with(tmp_path / "one.jsonl", "a", "b")
    log.add("empty", None)
    found = list(ScoreLog(tmp_path / "one.jsonl").images())
    assert [image.name for image in found] == ["a", "b", "empty"]
    assert found[2].counts is None
    assert found[0].counts is not None
    assert np.array_equal(found[0].counts.pairs, COUNTS.pairs)


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_line_that_was_cut_off_does_not_count_and_work_goes_on_after_it(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "one.jsonl"
    log_with(path, "a", "b")
    path.write_bytes(path.read_bytes()[:-cut])
    assert [image.name for image in ScoreLog(path).images()] == ["a"]
    log_with(path, "c")
    assert [image.name for image in ScoreLog(path).images()] == ["a", "c"]


def test_scores_made_in_another_way_are_refused_by_what_differs(tmp_path: Path) -> None:
    log = log_with(tmp_path / "one.jsonl", "a")
    log.expect(HEADER)
    with pytest.raises(ScoreLogError, match=r"\(model differ\)"):
        log.expect({**HEADER, "model": "other"})


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    log_with(path, "a", "b")
    text = path.read_text().splitlines()
    path.write_text("\n".join([text[0], "{" + text[1], text[2]]) + "\n")
    with pytest.raises(ScoreLogError, match="line 2, is damaged"):
        list(ScoreLog(path).images())


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"schema": 99}\n')
    with pytest.raises(ScoreLogError, match="not a log of scores"):
        ScoreLog(tmp_path / "x.jsonl").expect(HEADER)

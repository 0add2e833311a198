import json

import pytest

from napari_cliptrase.evaluate.refinement import main


def test_superpixels_sharpen_patches_of_the_painted_world(capsys: pytest.CaptureFixture[str]) -> None:
    main(
        ["--scenes", "2", "--first-seed", "11", "--size", "192", "--start", "patches", "--way", "superpixels", "--json"]
    )
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"before", "superpixels"}
    assert report["superpixels"]["boundary_iou"] > 1.5 * report["before"]["boundary_iou"]
    assert report["superpixels"]["miou"] > report["before"]["miou"]
    assert report["before"]["classes"]["sky"] > 50


def test_the_table_has_a_line_for_each_way(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--scenes", "1", "--size", "96", "--start", "patches", "--way", "superpixels"])
    lines = capsys.readouterr().out.splitlines()
    assert "boundary IoU, 2 px" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["before", "superpixels"]

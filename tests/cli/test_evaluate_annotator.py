import json

import pytest


def test_two_ways_of_working_on_a_scene(run_command, tmp_path):
    words = ("--scenes", 1, "--split", "plain", "--workflow", "painting", "--workflow", "text", "--out", tmp_path)
    code, out, errors = run_command("evaluate", "annotator", *words, "--plot", tmp_path / "plot.png")
    assert code == 0
    assert "1 image in 2 workflows" in errors
    assert [line.split("|")[1].strip() for line in out.splitlines()] == ["workflow", "---", "painting", "text"]
    workflows = json.loads((tmp_path / "results.json").read_text())["workflows"]
    assert workflows["text"][0]["reached"]["0.90"]["actions"] < workflows["painting"][0]["reached"]["0.90"]["actions"]
    assert (tmp_path / "results.md").read_text().strip() == out.strip()
    assert (tmp_path / "plot.png").exists()


def test_a_learning_curve_as_json(run_command):
    words = ("--corrected", "0,1", "--scored", 1, "--split", "plain", "--names", "made-up", "--json")
    code, out, _ = run_command("evaluate", "learning", *words)
    assert code == 0
    assert [point["corrected"] for point in json.loads(out)["points"]] == [0, 1]


def test_nuclei_are_found_after_scribbles_in_two_slices_and_texture_helps(run_command):
    words = ("--split", "cells", "--scribbles", 8, "--corrected", "2", "--scored", 3, "--vote", "off", "--json")
    found = {}
    for texture in ("--texture", "--no-texture"):
        code, out, _ = run_command("evaluate", "learning", *words, texture)
        assert code == 0
        found[texture] = json.loads(out)["points"][0]["IoU"]["nucleus"]
    assert found["--texture"] > found["--no-texture"] + 0.1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("annotator", "--workflow", "magic"), "There is no workflow called 'magic'; choose painting"),
        (("annotator", "--names", "odd"), "There is no choice of names 'odd'; choose known, made-up, mixed"),
        (("annotator", "--split", "odd"), "There is no split 'odd'"),
        (("annotator", "--images", "photos"), "need --images, --masks and --classes together"),
        (("learning", "--corrected", "one"), "--corrected is 'one'; write whole numbers"),
        (("learning", "--first-seed", "899999"), "held out"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run_command, words, sentence):
    code, _, errors = run_command("evaluate", *words)
    assert code != 0
    assert sentence in " ".join(errors.split())

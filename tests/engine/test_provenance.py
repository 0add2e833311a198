"""A record says how to make a result again."""

import json

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Settings
from napari_cliptrase.cliptrase.options import Absent
from napari_cliptrase.engine.absent import Absence
from napari_cliptrase.engine.provenance import image_sha256, provenance, versions, with_refinement

PROMPTS = PromptSet.parse("cat\ndog: puppy\nbackground: wall")


def record(**more):
    return provenance(
        model="demo",
        weights_sha256="ab",
        device="cpu",
        dtype="fp32",
        settings=Settings(threshold=0.25),
        prompts=PROMPTS,
        image="cd",
        windows={"grid": [2, 3]},
        libraries=versions(),
        absent=more.pop("absent", {}),
        **more,
    )


def test_prompts_and_settings_come_back_from_the_text_of_a_record():
    found = json.loads(json.dumps(record()))
    assert PromptSet.from_json(json.dumps(found["prompts"])) == PROMPTS
    assert Settings.from_json(json.dumps(found["settings"])) == Settings(threshold=0.25)
    assert (found["model"], found["weights_sha256"], found["image_sha256"]) == ("demo", "ab", "cd")
    assert found["windows"] == {"grid": [2, 3]}
    assert {"napari-cliptrase", "python", "torch", "numpy"} <= set(found["versions"])


def test_absent_classes_are_named_with_their_figure():
    (entry,) = record(absent={1: Absence(Absent.PEAK, 0.03, 0.1)})["absent"]
    assert entry == {"id": 2, "name": "dog", "rule": "peak", "figure": 0.03, "least": 0.1, "instead": None}


def test_examples_stand_in_the_record_only_where_there_were_some():
    assert "examples" not in record()
    assert record(examples={"sha256": "ef"})["examples"] == {"sha256": "ef"}


@pytest.mark.parametrize("other", [(2, 6), (4, 3)])
def test_the_hash_of_an_image_is_that_of_its_shape_and_bytes(other):
    image = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    assert image_sha256(image) == image_sha256(np.asfortranarray(image))
    assert image_sha256(image) != image_sha256(image.reshape(*other, 3))
    changed = image.copy()
    changed[0, 0, 0] += 1
    assert image_sha256(changed) != image_sha256(image)


def test_a_refinement_is_added_and_nothing_is_lost():
    before = record()
    once = with_refinement(before, {"method": "superpixels"})
    twice = with_refinement(once, {"method": "sam-vote"})
    assert [entry["method"] for entry in twice["refine"]] == ["superpixels", "sam-vote"]
    assert {key: value for key, value in twice.items() if key != "refine"} == before
    assert "refine" not in before
    assert len(once["refine"]) == 1

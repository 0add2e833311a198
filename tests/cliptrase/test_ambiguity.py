"""FreeCP's second test, for classes that claim the same place, against numbers of its own code."""

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_cliptrase.cliptrase.ambiguity import groups, look_closer, piece_boxes, purified
from napari_cliptrase.cliptrase.options import PositionKernel
from napari_cliptrase.cliptrase.purify import shared_places
from napari_cliptrase.cliptrase.towers import vision_tower

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PIXELS_OF = {
    "scene_224_sclip": "scclip/scene_224",
    "photo_336_sclip": "scclip/photo_336",
    "scene_336_clearclip": "freecp/scene_336_clearclip",
}


def normalised(toyclip, pixels):
    mean, std = (torch.tensor(toyclip.visual.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    return (torch.from_numpy(pixels).permute(2, 0, 1) / 255 - mean) / std


def around(*sides):
    return [(slice(top, bottom), slice(left, right)) for top, bottom, left, right in sides]


@pytest.mark.parametrize("name", PIXELS_OF)
def test_the_same_classes_stay_as_in_the_published_code(toyclip, name):
    golden = dict(np.load(GOLDEN / "freecp" / f"{name}.npz"))
    pixels = normalised(toyclip, np.load(GOLDEN / f"{PIXELS_OF[name]}.npz")["pixels"])
    tower, kept = vision_tower(toyclip), golden["kept"]

    def fitting(box, group):
        rows, columns = (slice(16 * side.start, 16 * side.stop) for side in box)
        with torch.inference_mode():
            token = look_closer(tower, pixels[:, rows, columns], PositionKernel.PAPER).numpy()
        return int((golden["text_features"][kept[list(group)]] @ token).argmax())

    spreaded = golden["refined"][kept]
    gone = purified(spreaded, shared_places(spreaded), float(golden["ambiguity"]), fitting)
    assert gone
    assert np.delete(kept, list(gone)).tolist() == golden["kept_after_ambiguity"].tolist()
    assert all(loss.by not in gone and loss.shared >= golden["ambiguity"] for loss in gone.values())


def test_classes_are_grouped_through_others_and_one_that_shares_nothing_is_in_no_group():
    shared = np.eye(4, dtype=np.float32)
    for one, other in ((0, 2), (2, 3)):
        shared[one, other] = shared[other, one] = 0.8
    assert groups(shared, 0.8) == [[0, 2, 3]]
    assert groups(shared, 0.81) == []


def test_boxes_stop_one_patch_short_of_the_last_row_and_column():
    place = np.zeros((6, 8), np.float32)
    place[1:3, 2:5] = 1
    place[4:, 6:] = 0.9
    place[5, 0] = 0.3  # too low to belong to a piece
    assert piece_boxes(place) == around((1, 3, 2, 5), (4, 5, 6, 7))


def test_a_hole_is_a_place_of_its_own_with_its_rim():
    place = np.zeros((9, 9), np.float32)
    place[1:7, 1:7] = 1
    place[3, 4] = 0  # a hole
    place[1, 1] = 0  # a bay
    assert piece_boxes(place) == around((1, 7, 1, 7), (2, 5, 3, 6))


def test_each_piece_keeps_the_class_that_fits_it():
    place = np.zeros((3, 5, 9), np.float32)
    place[:2, 1:3, 1:3] = place[:2, 1:3, 5:7] = 1
    place[2, 1:3, 1:3] = 1
    shared = shared_places(place)

    def by_side(box, group):
        return group.index(0 if box[1].start < 4 else 1)

    assert purified(place, shared, 0.9, by_side) == {}  # each of the two has a piece; the third shares half
    assert list(purified(place, shared, 0.5, by_side)) == [2]
    gone = purified(place, shared, 0.9, lambda box, group: 0)
    assert {one: (loss.by, loss.shared) for one, loss in gone.items()} == {1: (0, 1.0)}


def test_what_cannot_be_looked_at_spares_its_group():
    place = np.zeros((2, 5, 5), np.float32)
    place[:, 1:3, 1:3] = 1
    place[:, 4, 2] = 1  # in the last row alone
    assert purified(place, shared_places(place), 0.9, lambda box, group: 0) == {}
    nothing = np.zeros((2, 5, 5), np.float32)
    assert purified(nothing, np.ones((2, 2), np.float32), 0.9, lambda box, group: 0) == {}


def test_one_class_has_no_rival():
    assert purified(np.ones((1, 3, 3), np.float32), np.ones((1, 1), np.float32), 0.5, lambda box, group: 0) == {}
    assert purified(np.ones((0, 3, 3), np.float32), np.ones((0, 0), np.float32), 0.5, lambda box, group: 0) == {}


@pytest.mark.parametrize(("patch", "side"), [(16, 112), (14, 112), (32, 128)])
def test_a_place_of_any_shape_becomes_whole_patches(make_clip, patch, side, monkeypatch):
    tower = vision_tower(make_clip(patch_size=patch, image_size=2 * patch))
    seen = []
    embed = type(tower).embed
    monkeypatch.setattr(type(tower), "embed", lambda own, x, kernel: seen.append(x.shape) or embed(own, x, kernel))
    with torch.inference_mode():
        token = look_closer(tower, torch.randn(3, patch, 5 * patch), PositionKernel.CLEAN)
    assert seen == [(1, 3, side, side)]
    assert float(token.norm()) == pytest.approx(1, abs=1e-5)

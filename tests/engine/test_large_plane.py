"""Planes of any size: the same pixels, the same labels, whatever was asked for, and never the whole plane."""

import itertools

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.cliptrase.options import Absent, Vote
from napari_cliptrase.demo.panorama import Panorama
from napari_cliptrase.engine.pipeline import LargeRequest, PlaneRequest, segment_large_steps, segment_plane_steps
from napari_cliptrase.engine.window_cache import WindowCache
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.lazy_picture import LazyPicture, open_picture
from napari_cliptrase.progress import run_to_end

PROMPTS = PromptSet.parse("grass\nsky: cloud\ntree\nsea\nsnow\nbackground: road")
SETTINGS = Settings(detail="full", window=128)
SIDE = 336


class Counted:
    """An array that remembers how many pixels were read at once, and from where."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim
        self.largest, self.reads = 0, 0

    def __getitem__(self, index):
        found = self.array[index]
        self.largest, self.reads = max(self.largest, found.size), self.reads + 1
        return found


@pytest.fixture(scope="module")
def rgb():
    return Panorama(3, (2048, 2048))[800 : 800 + SIDE, 200 : 200 + SIDE]


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model("demo", device="cpu"), SETTINGS, text_caches=())


def picture(rgb) -> LazyPicture:
    return open_picture(rgb, AxisRoles("YXS"))


def segment(segmenter, request, cache=None):
    """Labels (H, W), 255 where none came, and the cores in the order in which they came."""
    labels, order = np.full(request.picture.shape, 255, np.uint8), []

    def receive(core):
        assert (labels[core.rows, core.columns] == 255).all()  # each pixel comes once
        labels[core.rows, core.columns] = core.labels
        order.append(core.number)

    response = run_to_end(segment_large_steps(segmenter, request, receive, cache))
    return labels, order, response


@pytest.fixture(scope="module")
def cache():
    return WindowCache()


@pytest.fixture(scope="module")
def whole(segmenter, rgb, cache):
    return segment(segmenter, LargeRequest(picture(rgb), PROMPTS), cache)


def test_three_overlapping_requests_agree_to_the_bit_with_each_other_and_with_the_whole(segmenter, rgb, whole):
    boxes = [(slice(0, 150), slice(0, 200)), (slice(100, 230), slice(90, 336)), (slice(110, 120), slice(110, 330))]
    found = [segment(segmenter, LargeRequest(picture(rgb), PROMPTS, box=box))[0] for box in boxes]
    for labels, box in zip(found, boxes, strict=True):
        assert (labels[box] != 255).all()
        came = labels != 255
        np.testing.assert_array_equal(labels[came], whole[0][came])
    for one, other in itertools.combinations(found, 2):
        both = (one != 255) & (other != 255)
        assert both.any()
        np.testing.assert_array_equal(one[both], other[both])


def test_all_pixels_come_row_by_row_and_the_record_says_where_the_windows_lie(whole, segmenter):
    labels, order, response = whole
    assert (labels != 255).all()
    assert order == sorted(order)
    assert len(np.unique(labels)) > 1
    assert response.provenance["windows"] == segmenter.plan_large((SIDE, SIDE)).record()
    assert response.provenance["windows"]["image"] == [SIDE, SIDE]


@pytest.fixture(scope="module")
def encoding(segmenter, rgb):
    return segmenter.encode(rgb)


@pytest.mark.parametrize("vote", list(Vote))
def test_a_plane_that_fits_into_memory_gets_the_labels_that_it_gets_at_once(segmenter, rgb, cache, encoding, vote):
    settings = Settings(detail="full", window=128, vote=vote, threshold=0.3)
    labels, *_ = segment(segmenter, LargeRequest(picture(rgb), PROMPTS, settings), cache)
    plain = run_to_end(segment_plane_steps(segmenter, PlaneRequest(rgb, PROMPTS, settings, encoding)))
    assert (labels == plain.labels).mean() > 0.999  # windows are kept in half precision


def test_windows_that_are_kept_are_not_encoded_again(segmenter, rgb, whole, cache, monkeypatch):
    monkeypatch.setattr("napari_cliptrase.engine.large_plane.encode_window", lambda *_: pytest.fail("encoded"))
    labels, *_ = segment(segmenter, LargeRequest(picture(rgb), PROMPTS), cache)
    np.testing.assert_array_equal(labels, whole[0])
    other = PromptSet.parse("sky: cloud\ngrass\nbackground: road")
    assert (segment(segmenter, LargeRequest(picture(rgb), other), cache)[0] != 255).all()


def test_with_an_identity_nothing_is_read_again(segmenter, rgb):
    cache, counted = WindowCache(), Counted(rgb)
    request = LargeRequest(picture(counted), PROMPTS, box=(slice(0, 50), slice(0, 50)), identity="this picture")
    first, *_ = segment(segmenter, request, cache)
    reads = counted.reads
    again, *_ = segment(segmenter, request, cache)
    assert counted.reads == reads > 0
    np.testing.assert_array_equal(first, again)


def test_the_whole_plane_is_never_read_at_once(segmenter, rgb):
    counted = Counted(rgb)
    segment(segmenter, LargeRequest(picture(counted), PROMPTS, box=(slice(0, 100), slice(0, SIDE))))
    assert counted.largest <= 128 * 128 * 3


def test_finished_cores_are_left_out_and_the_others_are_the_same(segmenter, rgb, whole, cache):
    finished = frozenset(whole[1][:5])
    labels, order, _ = segment(segmenter, LargeRequest(picture(rgb), PROMPTS, finished=finished), cache)
    assert not finished & set(order)
    came = labels != 255
    np.testing.assert_array_equal(labels[came], whole[0][came])
    assert set(order) | finished == set(whole[1])


def test_stopping_takes_one_window_and_keeps_what_came(segmenter, rgb, whole):
    got = []
    steps = segment_large_steps(segmenter, LargeRequest(picture(rgb), PROMPTS), got.append)
    while not got:
        seen = next(steps)
    steps.close()
    assert seen.total == len(segmenter.plan_large((SIDE, SIDE)).windows)
    assert seen.done < seen.total
    np.testing.assert_array_equal(got[0].labels, whole[0][got[0].rows, got[0].columns])


def test_empty_parts_are_left_out_when_asked_for(segmenter, rgb):
    slide = np.full((SIDE, SIDE, 3), 240, np.uint8)
    slide[:128, :128] = rgb[:128, :128]
    labels, _, response = segment(segmenter, LargeRequest(picture(slide), PROMPTS, skip_empty=True))
    plan = segmenter.plan_large((SIDE, SIDE))
    assert 0 < len(plan.windows) - len(response.empty) < len(plan.windows)
    assert all((labels[plan.core(number).index] == 255).all() for number in response.empty)
    assert (labels[:80, :80] != 255).all()


def test_absent_classes_cannot_be_found_and_that_is_reported(segmenter, rgb, cache):
    box = (slice(0, 10), slice(0, 10))
    settings = Settings(detail="full", window=128, absent=Absent.PURIFY)
    *_, response = segment(segmenter, LargeRequest(picture(rgb), PROMPTS, settings, box=box), cache)
    assert any("Absent classes" in note for note in response.notes)

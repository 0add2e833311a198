from types import SimpleNamespace

import numpy as np
import pytest

from napari_cliptrase.plugin.state.encoding_cache import EncodingCache, EncodingKey
from napari_cliptrase.plugin.state.results import Encoded, Segmented

SIZE = 100
"""Bytes of each encoding of these tests, picture and all."""


def encoded(image="photo", version=0):
    source = SimpleNamespace(target=SimpleNamespace(image_id=image, version=version))
    return Encoded(source, np.zeros((5, 4, 3), np.uint8), SimpleNamespace(nbytes=SIZE - 60), "demo")


def key(pixels, choice="demo", settings="fine"):
    return EncodingKey(pixels, choice, settings)


@pytest.fixture
def cache():
    return EncodingCache(capacity=3 * SIZE)


def test_the_oldest_encodings_make_room_and_their_results_go_with_them(cache):
    for pixels in "abc":
        cache.keep(key(pixels), encoded())
        cache.remember(key(pixels), Segmented(None, None, ()), "which classes")
    cache.keep(key("d"), encoded())
    assert [pixels for pixels in "abcd" if key(pixels) in cache] == ["b", "c", "d"]
    assert cache.scored(key("a")) is None
    assert cache.scored(key("b")).question == "which classes"


def test_an_encoding_that_was_used_again_stays_longest(cache):
    for pixels in "abc":
        cache.keep(key(pixels), encoded())
    cache.keep(key("a"), cache.encoded(key("a")))
    cache.keep(key("d"), encoded())
    assert [pixels for pixels in "abcd" if key(pixels) in cache] == ["a", "c", "d"]


def test_an_encoding_larger_than_the_cache_is_held_alone():
    cache = EncodingCache(capacity=SIZE // 2)
    cache.keep(key("a"), encoded())
    cache.keep(key("b"), encoded())
    assert len(cache) == 1
    assert key("b") in cache


def test_a_result_without_its_encoding_is_not_kept(cache):
    cache.remember(key("a"), Segmented(None, None, ()), "which classes")
    assert cache.scored(key("a")) is None


def test_newest_of_an_image_asks_for_its_version_and_the_model(cache):
    old, new = encoded(version=1), encoded(version=1)
    cache.keep(key("a"), old)
    cache.keep(key("b"), new)
    cache.keep(key("c"), encoded("film", version=1))
    assert cache.newest_of("photo", 1, "demo") is new.source
    assert cache.newest_of("photo", 2, "demo") is None
    assert cache.newest_of("photo", 1, "other model") is None


def test_nearest_prefers_the_same_settings_then_the_newest_of_the_same_pixels_and_model(cache):
    cache.keep(key("a", settings="fine"), encoded())
    cache.keep(key("a", settings="coarse"), encoded())
    cache.keep(key("a", choice="other model"), encoded())
    assert cache.nearest(key("a", settings="fine")) == key("a", settings="fine")
    assert cache.nearest(key("a", settings="finest")) == key("a", settings="coarse")
    assert cache.nearest(key("b")) == key("b")


def test_clear_forgets_encodings_and_results(cache):
    cache.keep(key("a"), encoded())
    cache.remember(key("a"), Segmented(None, None, ()), "which classes")
    cache.clear()
    assert len(cache) == 0
    assert cache.scored(key("a")) is None

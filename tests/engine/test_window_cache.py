"""Windows stay until others need the room; a folder keeps them all."""

import numpy as np

from napari_cliptrase.engine.window_cache import WindowCache, window_key
from napari_cliptrase.engine.window_code import WindowCode


def code(value: int) -> WindowCode:
    return WindowCode(
        np.full((4, 4, 8), value, np.float16), np.zeros(8, np.float16), np.full((10, 10), value, np.uint8)
    )


def test_the_window_that_was_not_used_longest_makes_room():
    cache = WindowCache(2 * code(0).nbytes)
    cache.put("aa", code(1))
    cache.put("bb", code(2))
    assert cache.get("aa") is not None
    cache.put("cc", code(3))
    assert cache.get("bb") is None
    assert cache.get("aa").regions[0, 0] == 1
    assert (len(cache), cache.nbytes) == (2, 2 * code(0).nbytes)


def test_a_window_that_is_put_again_counts_once():
    cache = WindowCache()
    cache.put("aa", code(1))
    cache.put("aa", code(2))
    assert cache.nbytes == code(0).nbytes


def test_a_folder_keeps_what_memory_cannot_and_another_cache_finds_it(tmp_path):
    WindowCache(0, tmp_path).put("aa11", code(7))
    found = WindowCache(folder=tmp_path).get("aa11")
    np.testing.assert_array_equal(found.features, code(7).features)
    assert WindowCache(folder=tmp_path).disk_nbytes > code(0).nbytes


def test_a_damaged_file_counts_as_missing(tmp_path):
    cache = WindowCache(0, tmp_path)
    cache.put("aa11", code(7))
    (file,) = tmp_path.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:50])
    assert cache.get("aa11") is None


def test_clearing_removes_windows_and_nothing_else(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    cache = WindowCache(folder=tmp_path)
    cache.put("aa11", code(1))
    cache.clear()
    assert (len(cache), cache.nbytes, cache.disk_nbytes) == (0, 0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_keys_tell_pixels_models_settings_and_places_apart():
    pixels = np.zeros((2, 2, 3), np.uint8)
    keys = {
        window_key(pixels, "m", "s", 1), window_key(pixels + 1, "m", "s", 1), window_key(pixels, "n", "s", 1),
        window_key(pixels, "m", "t", 1), window_key(pixels, "m", "s", 2),
    }  # fmt: skip
    assert len(keys) == 5
    assert window_key(pixels.copy(), "m", "s", 1) in keys

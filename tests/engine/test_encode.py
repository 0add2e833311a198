import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.cliptrase.options import Denoise, Recovery, TemplateSet
from napari_cliptrase.engine.plan import check_memory
from napari_cliptrase.errors import CliptraseError

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
NAMES = ("sky", "sea", "tree", "house", "sun")
PROMPTS = PromptSet.from_names(*NAMES)
QUICK = Settings(resolution=96, templates=TemplateSet.SINGLE)
WINDOWED = replace(QUICK, resolution=192, window=96)


@pytest.fixture(scope="module")
def model():
    return load_model(f"local-dir:{GOLDEN / 'toyclip'}", device="cpu")


@pytest.fixture(scope="module")
def picture():
    path = GOLDEN / "images" / "photo_336.png"
    return np.asarray(Image.open(path).convert("RGB"))[:360:2, :440:2]


def segmenter(model, settings=QUICK):
    return Segmenter(model, settings, text_caches=())


@pytest.fixture(scope="module")
def encoded(model, picture):
    return segmenter(model).encode(picture)


@pytest.fixture(scope="module")
def windowed(model, picture):
    return segmenter(model, WINDOWED).encode(picture)


def test_an_encoding_has_what_its_description_says(encoded):
    h, w = encoded.grid
    assert (h, w) == (6, 7)
    assert encoded.shape == (180, 220)
    assert encoded.features.dtype == np.float32
    assert np.allclose(np.linalg.norm(encoded.features, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(encoded.cls) == pytest.approx(1, abs=1e-5)
    assert encoded.correlation.shape == (1 + h * w, 1 + h * w)
    assert np.allclose(np.diag(encoded.correlation), 1, atol=1e-5)
    assert encoded.affinity.shape == (h * w, h * w)
    assert encoded.affinity.min() == 0
    assert encoded.regions.shape == (h * w,)
    assert encoded.region_map().shape == (180, 220)


def test_a_windowed_encoding_knows_each_window(windowed):
    count = len(windowed.plan)
    assert count > 1
    assert len(windowed.correlation) == len(windowed.affinity) == len(windowed.regions) == count
    patches = windowed.plan.size[0] * windowed.plan.size[1]
    assert all(regions.shape == (patches,) for regions in windowed.regions)
    assert windowed.features.shape[0] == windowed.grid[0] * windowed.grid[1]
    assert np.allclose(np.linalg.norm(windowed.features, axis=1), 1, atol=1e-5)


def test_regions_of_different_windows_stay_apart(windowed):
    regions = windowed.region_map()
    owner = np.full(windowed.shape, -1)
    for number in range(len(windowed.plan)):
        owned, _ = windowed.plan.owned(number, windowed.shape)
        owner[owned.index] = number
    assert (owner >= 0).all()
    for region in np.unique(regions[regions >= 0]):
        assert len(np.unique(owner[regions == region])) == 1


def test_windows_see_what_the_whole_sees_where_one_window_is_enough(model, picture):
    whole = segmenter(model, replace(QUICK, window=4000)).encode(picture)
    one = segmenter(model, replace(QUICK, window=112)).encode(picture)
    assert len(one.plan) == 1
    assert (whole.features == one.features).all()


def test_where_windows_overlap_their_features_blend(model, picture, windowed):
    plan = segmenter(model, WINDOWED).plan(picture.shape[:2])
    working = plan.working.resized(picture)
    blend = np.zeros((*windowed.grid, windowed.features.shape[1]))
    alone = segmenter(model, replace(WINDOWED, resolution=16 * min(plan.windows.size)))
    for window in plan.windows.windows:
        part = alone.encode(np.ascontiguousarray(working[window.scaled(16)]))
        assert part.grid == plan.windows.size
        blend[window.index] += part.features.reshape(*part.grid, -1) * plan.windows.weight()[:, :, None]
    blend /= np.linalg.norm(blend, axis=2, keepdims=True)
    assert np.abs(blend.reshape(windowed.features.shape) - windowed.features).max() < 1e-5


def test_two_runs_give_the_same_bytes_whatever_was_encoded_before(model, picture):
    images = [picture, picture[:, ::-1].copy(), picture[:100]]
    for settings in (QUICK, WINDOWED):
        busy = segmenter(model, settings)
        for image in images:
            encoding = busy.encode(image)
            alone = segmenter(model, settings).encode(image)
            assert alone.features.tobytes() == encoding.features.tobytes()
            assert alone.key == encoding.key
            first, second = (segmenter(model, settings).segment(e, PROMPTS) for e in (alone, encoding))
            assert first.labels.tobytes() == second.labels.tobytes()
            assert first.scores.maps.tobytes() == second.scores.maps.tobytes()


def test_embeddings_do_not_depend_on_what_was_asked_before(model, encoded):
    fresh = segmenter(model).segment(encoded, PROMPTS)
    used = segmenter(model)
    used.segment(encoded, PromptSet.from_names("tree", "a long name of something else", "sea"))
    assert used.segment(encoded, PROMPTS).scores.maps.tobytes() == fresh.scores.maps.tobytes()


def test_a_flipped_picture_gives_flipped_labels(model, picture):
    # symmetric in the sense of the method, but for positions: most of the pixels agree
    here = segmenter(model).segment(segmenter(model).encode(picture), PROMPTS).labels
    there = segmenter(model).segment(segmenter(model).encode(picture[:, ::-1].copy()), PROMPTS).labels
    assert (here == there[:, ::-1]).mean() > 0.6


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (16, 400), (400, 7), (224, 224), (301, 77)])
@pytest.mark.parametrize("settings", [QUICK, WINDOWED], ids=["whole", "windows"])
def test_any_size_and_shape(model, size, settings):
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    out = segmenter(model, settings).segment(segmenter(model, settings).encode(rgb), PROMPTS)
    assert out.labels.shape == out.margin.shape == size
    assert set(np.unique(out.labels)) <= set(range(1, 6))


def test_steps_can_be_stopped_between_windows(model, picture):
    steps = segmenter(model, WINDOWED).encode_steps(picture)
    seen = list(itertools.islice(steps, 3))
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert all(progress.total == seen[0].total > 1 for progress in seen)
    assert "patches" in seen[0].text
    steps.close()


def test_finer_detail_makes_more_patches(model):
    sizes = [segmenter(model, Settings(detail=detail)).plan((480, 640)) for detail in ("coarse", "normal", "fine")]
    assert [plan.working.grid for plan in sizes] == [(14, 19), (21, 28), (42, 56)]
    assert [len(plan.windows) > 1 for plan in sizes] == [False, False, True]


def test_full_detail_looks_at_the_pixels_as_they_are(model, picture):
    plan = segmenter(model, Settings(detail="full", window=64)).plan((320, 480))
    assert plan.working.size == (320, 480)
    tall = np.tile(picture, (9, 9, 1))[:320, :480]
    np.testing.assert_array_equal(plan.working.resized(tall), tall)


def test_the_estimate_covers_what_is_kept(model, windowed, picture):
    plan = segmenter(model, WINDOWED).plan(picture.shape[:2])
    assert windowed.nbytes == pytest.approx(plan.encoding_bytes, rel=0.05)
    assert plan.peak_bytes > plan.encoding_bytes


def test_a_run_that_needs_more_than_is_free_is_refused_before_it_starts(model, monkeypatch):
    plan = segmenter(model).plan((100, 100))
    monkeypatch.setattr("napari_cliptrase.engine.plan.free_memory", lambda: plan.peak_bytes - 1)
    with pytest.raises(CliptraseError, match="choose a coarser detail"):
        check_memory(plan)
    monkeypatch.setattr("napari_cliptrase.engine.plan.free_memory", lambda: None)
    check_memory(plan)


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (np.zeros((4, 4), np.uint8), r"uint8 of shape \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((4, 4, 3)), "float64"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        ("photo.jpg", "a str"),
    ],
)
def test_what_is_no_image_is_refused_in_one_sentence(model, image, found):
    with pytest.raises(CliptraseError, match=found):
        segmenter(model).encode(image)


@pytest.mark.parametrize("recovery", Recovery)
@pytest.mark.parametrize("denoise", Denoise)
def test_every_strategy_runs_and_differs(model, picture, encoded, recovery, denoise):
    other = segmenter(model, replace(QUICK, recovery=recovery, denoise=denoise)).encode(picture)
    assert np.isfinite(other.features).all()
    same = (recovery, denoise) == (Recovery.CLIPTRASE, Denoise.CLS_SUBTRACT)
    assert (other.key == encoded.key) == same
    assert bool((other.features == encoded.features).all()) == (recovery is Recovery.CLIPTRASE)


def test_keys_tell_images_apart(model, picture, encoded):
    changed = picture.copy()
    changed[0, 0, 0] ^= 1
    other = segmenter(model).encode(changed)
    assert other.key != encoded.key
    assert other.image_sha256 != encoded.image_sha256


@pytest.mark.parametrize("settings", [QUICK, WINDOWED])
def test_other_regions_need_no_network(model, picture, settings):
    other = replace(settings, denoise=Denoise.NONE, eps=0.5, min_samples=2)
    assert other.network_key() == settings.network_key()
    first = segmenter(model, settings).encode(picture)
    made = segmenter(model, other).with_regions(first)
    wanted = segmenter(model, other).encode(picture)
    assert (made.key, made.encode_settings) == (wanted.key, wanted.encode_settings)
    assert np.array_equal(made.region_map(), wanted.region_map())
    assert made.features is first.features
    for one, two in zip(made.windows, wanted.windows, strict=True):
        assert np.array_equal(one.regions, two.regions)
        assert np.array_equal(one.affinity, two.affinity)
    assert segmenter(model, settings).with_regions(first) is first


def test_sc_clip_sees_each_window_as_an_image_of_its_own(model, picture):
    """Outliers and middle layers are those of the window, whatever else is encoded with it."""
    settings = replace(WINDOWED, recovery=Recovery.SC_CLIP)
    encoder = segmenter(model, settings)
    encoding = encoder.encode(picture)
    assert len(encoding.windows) > 2
    working = encoder.plan(picture.shape[:2]).working.resized(picture)
    window = encoding.plan.windows[0]
    side = 16 * min(window.shape)
    alone = segmenter(model, replace(settings, resolution=side)).encode(working[window.scaled(16)].copy())
    assert alone.grid == window.shape
    # the patch in the corner belongs to the first window only, so that nothing is blended with it
    np.testing.assert_allclose(encoding.features[0], alone.features[0], atol=1e-5)
    np.testing.assert_allclose(encoding.windows[0].correlation, alone.correlation, atol=1e-5)
    plain = segmenter(model, WINDOWED).encode(picture)
    assert np.abs(plain.features[0] - encoding.features[0]).max() > 1e-3

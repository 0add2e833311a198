import re
from pathlib import Path

import numpy as np
import pytest
import torch
from segment_anything import SamPredictor
from segment_anything.utils.transforms import ResizeLongestSide

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models.loaded_models import SamModel
from napari_cliptrase.progress import Progress
from napari_cliptrase.refine.embedding import Embedder, frame_size
from napari_cliptrase.refine.store import EmbeddingStore
from napari_cliptrase.refine.timings import Timings


def _noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _calls(embedder: Embedder) -> list[int]:
    """Count how often the image encoder runs from now on."""
    calls: list[int] = []
    embedder.sam.module.image_encoder.register_forward_hook(lambda *_: calls.append(1))
    return calls


@pytest.mark.parametrize("shape", [(64, 64), (40, 100), (123, 77), (20, 20)])
def test_embedding_is_that_of_segment_anythings_predictor(embedder: Embedder, shape: tuple[int, int]) -> None:
    image = _noise(*shape)
    found = embedder.embed(image)
    predictor = SamPredictor(embedder.sam.module)
    predictor.set_image(image)
    assert found.input_size == predictor.input_size
    assert found.original_size == predictor.original_size
    assert torch.allclose(found.features, predictor.features, atol=1e-5)


def test_frame_sizes_are_rounded_as_segment_anything_does() -> None:
    for height in range(1, 300, 7):
        for width in (1, 33, 256, 299):
            expected = ResizeLongestSide.get_preprocess_shape(height, width, 256)
            assert frame_size((height, width), 256) == expected


def test_an_image_is_encoded_once(embedder: Embedder) -> None:
    calls = _calls(embedder)
    first = embedder.embed(_noise(50, 60))
    again = embedder.embed(_noise(50, 60))
    assert len(calls) == 1
    assert torch.equal(first.features, again.features)
    embedder.embed(_noise(50, 60, seed=1))
    assert len(calls) == 2


def test_the_next_session_restores_it_from_the_disk(tiny_sam: SamModel, tmp_path: Path) -> None:
    store, timings = EmbeddingStore(tmp_path), Timings(tmp_path / "t.json")
    before = Embedder(tiny_sam, store, timings).embed(_noise(50, 60))
    later = Embedder(tiny_sam, store, timings)
    calls = _calls(later)
    restored = later.embed(_noise(50, 60))
    assert not calls
    assert torch.equal(before.features, restored.features)
    assert (restored.input_size, restored.original_size) == (before.input_size, before.original_size)


def test_other_weights_do_not_find_it(tiny_sam: SamModel, embedder: Embedder) -> None:
    embedder.embed(_noise(50, 60))
    other = SamModel("other", tiny_sam.module, tiny_sam.device, tiny_sam.dtype, "1" * 64, 64, 32, ())
    later = Embedder(other, embedder.store, embedder.timings)
    calls = _calls(later)
    later.embed(_noise(50, 60))
    assert len(calls) == 1


def test_memory_is_bounded(tiny_sam: SamModel, tmp_path: Path) -> None:
    one = 32 * 8 * 8 * 4
    embedder = Embedder(tiny_sam, EmbeddingStore(tmp_path, limit=0), Timings(tmp_path / "t.json"), 2 * one)
    calls = _calls(embedder)
    for seed in (0, 1, 2):
        embedder.embed(_noise(50, 60, seed))
    embedder.embed(_noise(50, 60, 2))
    assert len(calls) == 3
    embedder.embed(_noise(50, 60, 0))  # had to go
    assert len(calls) == 4


def test_large_images_are_encoded_in_windows(embedder: Embedder) -> None:
    image = _noise(128, 300)
    calls = _calls(embedder)
    steps = list(embedder.embed_steps(image))
    assert len(calls) == len(embedder.tiles((128, 300))) > 1
    assert [step.done for step in steps] == list(range(len(calls) + 1))
    for tile in embedder.tiles((128, 300)):
        embedder.embed(image[tile.rows, tile.columns])
    assert len(calls) == len(steps) - 1


def test_cancelling_between_windows_keeps_what_was_encoded(embedder: Embedder) -> None:
    image = _noise(128, 300)
    calls = _calls(embedder)
    steps = embedder.embed_steps(image)
    next(steps)
    next(steps)
    steps.close()
    assert len(calls) == 1
    list(embedder.embed_steps(image))
    assert len(calls) == len(embedder.tiles((128, 300)))


def test_the_wait_is_known_after_the_first_time(embedder: Embedder) -> None:
    assert embedder.expected_seconds((60, 60)) is None
    first = next(embedder.embed_steps(_noise(60, 60)))
    assert first == Progress(0, 1, "Encoding for test")
    list(embedder.embed_steps(_noise(60, 60)))
    seconds = embedder.expected_seconds((60, 60))
    assert seconds is not None
    assert seconds > 0
    tiles = len(embedder.tiles((128, 300)))
    assert embedder.expected_seconds((128, 300)) == pytest.approx(seconds * tiles)
    assert re.fullmatch(r"Encoding for test, about \d+ s", next(embedder.embed_steps(_noise(60, 60, 5))).text)


def test_the_memory_estimate_grows_with_the_image_and_stays_bounded(embedder: Embedder) -> None:
    small, large = embedder.memory_bytes((64, 64)), embedder.memory_bytes((128, 3000))
    assert 0 < small < large
    assert embedder.memory_bytes((30000, 30000)) < large + 2 * embedder.memory_limit


def test_no_wait_is_reported_for_what_is_encoded_already(tiny_sam: SamModel, embedder: Embedder) -> None:
    image = _noise(128, 300)
    list(embedder.embed_steps(image))
    later = Embedder(tiny_sam, embedder.store, embedder.timings)
    assert next(later.embed_steps(image)).text == "Encoding for test"
    assert next(later.embed_steps(_noise(128, 300, 7))).text != "Encoding for test"


def test_too_little_memory_is_a_sentence_before_the_work(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    image = _noise(60, 60)
    monkeypatch.setattr("napari_cliptrase.refine.embedding.free_on", lambda _: 10_000)
    calls = _calls(embedder)
    with pytest.raises(CliptraseError, match=r"60×60 pixels for test needs about .* GB are free"):
        embedder.embed(image)
    assert not calls
    monkeypatch.setattr("napari_cliptrase.refine.embedding.free_on", lambda _: None)
    embedder.embed(image)
    monkeypatch.setattr("napari_cliptrase.refine.embedding.free_on", lambda _: 10_000)
    embedder.embed(image)  # nothing to compute


def test_half_precision_encoder_gives_full_precision_features(tiny_sam: SamModel, tmp_path: Path) -> None:
    tiny_sam.module.image_encoder.to(torch.bfloat16)
    half = SamModel("half", tiny_sam.module, tiny_sam.device, torch.bfloat16, "2" * 64, 64, 32, ())
    store, timings = EmbeddingStore(tmp_path), Timings(tmp_path / "t.json")
    features = Embedder(half, store, timings).embed(_noise(50, 60)).features
    assert features.dtype == torch.float32
    assert torch.equal(Embedder(half, store, timings).embed(_noise(50, 60)).features, features)

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.interactive import SamSession

Oracle = Callable[..., Embedder]


@pytest.fixture
def session(oracle: Oracle, picture: SimpleNamespace) -> SamSession:
    return SamSession(oracle(picture.truth), picture.image)


def test_a_click_draws_what_is_there(session: SamSession, picture: SimpleNamespace) -> None:
    preview = session.click(30, 20)
    assert preview.quality == 1.0
    assert (preview.whole((64, 64)) != (picture.truth == 3)).mean() < 0.01
    assert session.preview is not None
    assert np.array_equal(session.preview.mask, preview.mask)


def test_the_image_is_encoded_once_for_all_clicks_of_all_masks(session: SamSession) -> None:
    list(session.embed_steps(5, 5))
    for row in (5, 30, 60):
        session.click(row, 10)
        session.click(row, 12, inside=False)
        session.clear()
    assert session.embedder.sam.module.image_encoder.calls == 1


def test_a_single_click_has_three_answers_to_choose_from_best_first(embedder: Embedder) -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    session = SamSession(embedder, image)
    first = session.click(20, 30)
    assert first.choices == 3
    assert first.choice == 0
    others = [session.next_choice() for _ in range(3)]
    assert [other.choice for other in others if other is not None] == [1, 2, 0]
    qualities = [first.quality, *(other.quality for other in others[:2] if other is not None)]
    assert qualities == sorted(qualities, reverse=True)
    more = session.click(22, 33)
    assert more.choices == 1


def test_every_click_and_the_chosen_answer_reach_the_network(embedder: Embedder) -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    seen: list[dict[str, object]] = []
    embedder.sam.module.prompt_encoder.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs), with_kwargs=True
    )
    session = SamSession(embedder, image)
    session.click(20, 30)
    session.next_choice()
    session.click(40, 10, inside=False)
    session.box(50, 60, 8, 4)
    last = seen[-1]
    points, marks = last["points"]  # type: ignore[misc]
    assert points[0].tolist() == [[30, 20], [10, 40]]
    assert marks[0].tolist() == [1, 0]
    assert last["boxes"].tolist() == [[4, 8, 60, 50]]  # type: ignore[attr-defined]
    assert last["masks"].shape == (1, 1, 32, 32)  # type: ignore[attr-defined]
    assert seen[0]["masks"] is None


def test_undo_takes_back_the_last_click(embedder: Embedder) -> None:
    # a SAM that heeds every click: the one that knows the truth heeds the first alone
    session = SamSession(embedder, np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    first = session.click(30, 20)
    second = session.click(5, 60)
    assert not np.array_equal(first.mask, second.mask)
    back = session.undo()
    assert back is not None
    assert np.array_equal(back.mask, first.mask)
    assert session.undo() is None
    assert session.undo() is None
    assert session.preview is None


def test_clear_begins_a_new_mask(session: SamSession) -> None:
    session.click(30, 20)
    session.clear()
    assert session.preview is None
    assert session.next_choice() is None
    preview = session.click(2, 60)
    assert preview.whole((64, 64))[2, 60]
    assert not preview.whole((64, 64))[30, 20]


def test_the_first_click_has_to_be_inside(session: SamSession) -> None:
    with pytest.raises(CliptraseError, match="Click into the object first"):
        session.click(3, 3, inside=False)
    assert session.preview is None


@pytest.mark.parametrize(("row", "column"), [(-5, 3), (3, -2), (70, 3), (3, 64.9)])
def test_clicks_beside_the_image_are_refused_and_change_nothing(session: SamSession, row: float, column: float) -> None:
    session.click(30, 20)
    with pytest.raises(CliptraseError, match="outside the image"):
        session.click(row, column)
    assert session.preview is not None
    assert session.undo() is None


def test_a_large_image_is_encoded_only_where_the_clicks_are(embedder: Embedder) -> None:
    image = np.random.default_rng(0).integers(0, 256, (128, 900, 3), dtype=np.uint8)
    calls: list[int] = []
    embedder.sam.module.image_encoder.register_forward_hook(lambda *_: calls.append(1))
    session = SamSession(embedder, image)
    preview = session.click(64, 880)
    assert len(calls) == 1
    assert preview.columns.start <= 880 < preview.columns.stop
    assert preview.mask.shape[1] <= 128
    whole = preview.whole((128, 900))
    assert np.array_equal(whole[preview.rows, preview.columns], preview.mask)
    assert not whole[:, : preview.columns.start].any()


def test_a_box_larger_than_a_window_is_seen_whole(embedder: Embedder) -> None:
    image = np.random.default_rng(0).integers(0, 256, (128, 900, 3), dtype=np.uint8)
    preview = SamSession(embedder, image).box(10, 100, 120, 700)
    assert preview.rows == slice(0, 128)
    assert preview.columns.start < 100
    assert preview.columns.stop > 700


def test_a_part_in_focus_is_encoded_alone(embedder: Embedder) -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    session = SamSession(embedder, image)
    session.focus(slice(10, 40), slice(20, 70))
    preview = session.click(30, 30)
    assert (preview.rows, preview.columns) == (slice(10, 40), slice(20, 70))
    session.clear()
    outside = session.click(90, 90)  # beside the part in focus
    assert outside.mask.shape == (100, 100)
    session.clear()
    session.focus(slice(0, 100), slice(0, 100))
    assert session.click(30, 30).mask.shape == (100, 100)
    with pytest.raises(CliptraseError, match="outside the image"):
        session.focus(slice(200, 300), slice(0, 50))

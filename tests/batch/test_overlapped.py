"""Images through several steps at once: in order, whatever fails, and nothing new once it is stopped."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase.batch.overlapped import ImageSteps, Outcome, overlap_steps
from napari_cliptrase.pixels.planes import AxisRoles
from napari_cliptrase.pixels.read import ImageFile

ITEMS = tuple(range(8))


class Recorder:
    """Steps that do next to nothing and record that; some items fail at some step."""

    def __init__(self, failing: dict[int, str] | None = None) -> None:
        self.failing = failing or {}
        self.done: dict[str, list[int]] = {"read": [], "encode": [], "label": [], "write": []}
        self.threads: dict[str, set[int]] = {step: set() for step in self.done}

    def _do(self, step: str, item: int) -> None:
        self.done[step].append(item)
        self.threads[step].add(threading.get_ident())
        if self.failing.get(item) == step:
            raise ValueError(step)

    def read(self, item: int) -> ImageFile:
        self._do("read", item)
        return ImageFile(Path(f"{item}.png"), np.full((2, 3, 3), item, np.uint8), AxisRoles("YXS"))

    def encode(self, rgb: np.ndarray) -> int:
        self._do("encode", item := int(rgb[0, 0, 0]))
        return item

    def label(self, rgb: np.ndarray, encoding: int) -> int:
        assert encoding == rgb[0, 0, 0]
        self._do("label", encoding)
        return 10 * encoding

    def write(self, item: int, roles: AxisRoles, planes: dict[tuple[int, ...], int]) -> str:
        assert roles.letters == "YXS"
        assert planes == {(): 10 * item}
        self._do("write", item)
        return f"wrote {item}"

    def steps(self) -> ImageSteps[int, int, str]:
        return ImageSteps(self.read, self.encode, self.label, self.write, lambda _: True)  # type: ignore[arg-type]


def test_what_is_written_comes_out_in_order_and_each_step_has_its_thread() -> None:
    recorder = Recorder()
    outcomes = list(overlap_steps(ITEMS, recorder.steps()))
    assert [(outcome.item, outcome.done) for outcome in outcomes] == [(item, f"wrote {item}") for item in ITEMS]
    assert all(done == list(ITEMS) for done in recorder.done.values())
    assert all(len(threads) == 1 for threads in recorder.threads.values())
    assert len(set.union(*recorder.threads.values())) == 4
    assert recorder.threads["encode"] == {threading.get_ident()}


def test_a_failure_at_any_step_ends_its_image_alone() -> None:
    failing = {1: "read", 3: "encode", 4: "label", 6: "write"}
    recorder = Recorder(failing)
    outcomes: list[Outcome[int, str]] = list(overlap_steps(ITEMS, recorder.steps()))
    assert {outcome.item: str(outcome.error) for outcome in outcomes if outcome.error is not None} == failing
    assert sorted(outcome.item for outcome in outcomes) == list(ITEMS)
    assert recorder.done["write"] == [0, 2, 5, 6, 7]


def test_closing_it_starts_nothing_else() -> None:
    recorder = Recorder()
    steps = overlap_steps(range(1000), recorder.steps())
    next(steps)
    steps.close()
    written = list(recorder.done["write"])
    assert len(written) < 10
    assert written == list(range(len(written)))


def test_what_was_encoded_when_somebody_interrupts_is_finished_first() -> None:
    recorder = Recorder()
    steps = recorder.steps()

    def interrupted(rgb: np.ndarray) -> int:
        if rgb[0, 0, 0] == 3:
            raise KeyboardInterrupt
        return recorder.encode(rgb)

    told: list[str | None] = []
    outcomes = overlap_steps(ITEMS, replace(steps, encode_plane=interrupted))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        for outcome in outcomes:
            told.append(outcome.done)
    assert told == ["wrote 0", "wrote 1", "wrote 2"]
    assert recorder.done["write"] == [0, 1, 2]

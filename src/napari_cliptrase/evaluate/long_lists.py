"""Every recovery with and without the tests for absent classes: by the names of the painted world, and by 180 more."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.classes.class_lists import listed
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Absent, Recovery
from napari_cliptrase.demo.words import NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.load import ClipModel

STRANGERS: Final = 180
_LISTS: Final = ("voc", "cityscapes", "ade20k", "coco_stuff")
TESTS: Final[Mapping[str, tuple[Absent, float | None]]] = {
    "off": (Absent.OFF, None),
    "purify 0.05": (Absent.PURIFY, 0.05),
    "peak 0.3": (Absent.PEAK, 0.3),
}
_RESAMPLES: Final = 1000
_COUNTED: Final = ("nothing", *NAMES)
"""What is found of any other name counts as nothing."""


@dataclass(frozen=True)
class Cell:
    """One cell of the table: mean IoU in percent, and the bounds of its 95 % interval."""

    score: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.score:.1f} ({self.low:.1f} to {self.high:.1f})"


def strangers(count: int = STRANGERS) -> list[str]:
    """Names of the other lists that are none of the painted world's, the same ones every time."""
    known = {phrase for entry in listed("painted_world") for phrase in entry.phrases} | set(NAMES)
    found = dict.fromkeys(entry.name for name in _LISTS for entry in listed(name) if known.isdisjoint(entry.phrases))
    names = list(found)
    chosen = np.random.default_rng(0).permutation(len(names))[:count]
    return [names[index] for index in sorted(chosen)]


def interval(scenes: Sequence[NDArray[np.int64]]) -> Cell:
    """Mean IoU over scenes' confusions, with the interval that drawing other scenes would give (bootstrap)."""
    stacked = np.stack(scenes)
    rng = np.random.default_rng(0)
    drawn = [_mean_iou(stacked[rng.integers(0, len(stacked), len(stacked))]) for _ in range(_RESAMPLES)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Cell(100 * _mean_iou(stacked), 100 * float(low), 100 * float(high))


def _mean_iou(pixels: NDArray[np.int64]) -> float:
    """Mean IoU over the sum of confusions (scenes, 21, 21)."""
    return Confusion(_COUNTED, pixels.sum(0)).mean_iou


def score_lists(
    model: "ClipModel", seeds: Sequence[int], recoveries: Sequence[Recovery], size: int = 336
) -> Generator[Progress, None, dict[tuple[Recovery, str, str], list[NDArray[np.int64]]]]:
    """Return the confusions of all scenes, by recovery, list and test."""
    from napari_cliptrase.engine.segmenter import Segmenter

    lists = {"20 names": PromptSet.from_names(*NAMES), "200 names": PromptSet.from_names(*NAMES, *strangers())}
    segmenters = {recovery: Segmenter(model, Settings(recovery=recovery)) for recovery in recoveries}
    found: dict[tuple[Recovery, str, str], list[NDArray[np.int64]]] = {}
    for done, seed in enumerate(seeds):
        yield Progress(done, len(seeds), f"scene {seed}")
        scene = paint_scene(seed, (size, size))
        for recovery, segmenter in segmenters.items():
            for key, labels in _by_test(segmenter, scene.image, lists):
                confusion = Confusion.of(_COUNTED)
                confusion.add(scene.labels, np.where(labels > len(NAMES), 0, labels))
                found.setdefault((recovery, *key), []).append(confusion.pixels)
    return found


def _by_test(
    segmenter: "Segmenter", image: NDArray[np.uint8], lists: Mapping[str, PromptSet]
) -> Iterator[tuple[tuple[str, str], NDArray[np.integer]]]:
    encoding = segmenter.encode(image)
    for name, prompts in lists.items():
        for test, (absent, least) in TESTS.items():
            settings = replace(segmenter.settings, absent=absent, absent_threshold=least)
            yield (name, test), segmenter.segment(encoding, prompts, settings).labels


def lists_table(found: Mapping[tuple[Recovery, str, str], Sequence[NDArray[np.int64]]]) -> str:
    """Markdown: a row for each recovery and list, a column for each test."""
    lines = [f"| recovery | list | {' | '.join(TESTS)} |", "| --- | --- |" + " --- |" * len(TESTS)]
    for recovery, name in dict.fromkeys(key[:2] for key in found):
        cells = [str(interval(found[recovery, name, test])) for test in TESTS]
        lines.append(f"| `{recovery}` | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)

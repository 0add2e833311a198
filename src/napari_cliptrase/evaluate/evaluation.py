"""All images through all lines of a table, in this process or on a cluster; what is done stays done."""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cliptrase.batch.dask_runner import loaded_on_worker, work_on_dask_steps
from napari_cliptrase.batch.input_file import reason_of
from napari_cliptrase.errors import Cancelled, CliptraseError
from napari_cliptrase.evaluate.benchmark_scores import BenchmarkScores
from napari_cliptrase.evaluate.class_counts import RunningCounts
from napari_cliptrase.evaluate.image_scorer import EvaluationSetup, ImageScorer, ScoredImage
from napari_cliptrase.evaluate.intervals import ImageTable, Interval, interval
from napari_cliptrase.evaluate.score_log import SUFFIX, ScoreLog, ScoreLogError
from napari_cliptrase.progress import Progress, run_to_end

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class EvaluationStep:
    """How far an evaluation is.

    Attributes
    ----------
    progress
        Images done of all, or how far the models are loaded when ``counts_images`` is not set.
    mean_ious
        So far, by the name of the line.
    failure
        Why the last image could not be scored, if it could not.
    """

    progress: Progress
    mean_ious: dict[str, float]
    failure: str | None = None
    counts_images: bool = True


@dataclass(frozen=True, eq=False)
class EvaluatedRow:
    """What a line of a table has reached."""

    name: str
    counts: RunningCounts = field(repr=False)
    interval: Interval

    @property
    def field_scores(self) -> BenchmarkScores:
        """The four figures as the field computes them."""
        return BenchmarkScores.of(self.counts.by_class)

    @property
    def published_scores(self) -> BenchmarkScores:
        """The four figures as the published code of CLIPtrase computes them."""
        return BenchmarkScores.as_published(self.counts.by_class)


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """A whole table.

    Attributes
    ----------
    rows
        Its lines.
    failures
        In one sentence why an image was not scored, by the names of the images.
    left_out
        How many images the protocol leaves out.
    """

    rows: tuple[EvaluatedRow, ...]
    failures: dict[str, str]
    left_out: int


class Evaluation:
    """An evaluation in a folder: a log for each line of the table.

    Parameters
    ----------
    setup
        What is scored, and how.
    folder
        Where the logs are; an evaluation of the same there is continued.
    """

    def __init__(self, setup: EvaluationSetup, folder: Path) -> None:
        self.setup = setup
        self.folder = folder
        self._logs = {row.name: ScoreLog(log_path(folder, row.name)) for row in setup.rows}
        self._counts = {row.name: RunningCounts.empty(setup.images.classes) for row in setup.rows}
        self._failures: dict[str, str] = {}
        self._headers = {
            row.name: {
                "row": row.name,
                "images": setup.images.record(),
                "title": setup.images.title,
                "names": list(setup.images.classes),
                "model": setup.model,
                **row.record(),
            }
            for row in setup.rows
        }

    def run_steps(
        self, names: Sequence[str], *, again: bool = False, client: "Client | None" = None
    ) -> Generator[EvaluationStep, None, EvaluationResult]:
        """Score the images that no log has yet, and return the table; closing the generator loses nothing."""
        missing = self._begin(again)
        todo = {name: rows for name in names if (rows := missing(name))}
        total, done = len(names), len(names) - len(todo)
        yield self._step(done, total)
        finished = self._here(todo) if client is None else self._on_cluster(todo, client)
        try:
            for item in finished:
                if isinstance(item, Progress):
                    yield EvaluationStep(item, self._mean_ious(), counts_images=False)
                    continue
                self._take(item)
                done += 1
                yield self._step(done, total, item.failure and f"{item.name}: {item.failure}")
        finally:
            finished.close()
        return self.result()

    def result(self) -> EvaluationResult:
        """Return the table of what the logs hold."""
        rows, left_out = [], 0
        classes = len(self.setup.images.classes)
        for name, log in self._logs.items():
            # by name: workers finish in any order, and the interval draws images by their places
            images = sorted(log.images(), key=lambda image: image.name)
            scored = [image.counts for image in images if image.counts is not None]
            left_out = max(left_out, len(images) - len(scored))
            rows.append(EvaluatedRow(name, self._counts[name], interval(ImageTable.of(scored, classes))))
        return EvaluationResult(tuple(rows), dict(self._failures), left_out)

    def _begin(self, again: bool) -> Callable[[str], list[str]]:
        """Open the logs; return a function that tells which lines an image is missing in."""
        done: dict[str, set[str]] = {}
        if not again:
            for name, log in self._logs.items():
                log.expect(self._headers[name])
        for name, log in self._logs.items():
            if again:
                log.path.unlink(missing_ok=True)
            log.begin(self._headers[name])
            done[name] = set()
            for image in log.images():
                done[name].add(image.name)
                if image.counts is not None:
                    self._counts[name].add(image.counts)
        return lambda image: [name for name, images in done.items() if image not in images]

    def _here(self, todo: dict[str, list[str]]) -> Generator[Progress | ScoredImage, None, None]:
        if not todo:
            return
        scorer = yield from ImageScorer.load_steps(self.setup)
        for name, rows in todo.items():
            yield attempted(name, partial(scorer.score, name, rows))

    def _on_cluster(
        self, todo: dict[str, list[str]], client: "Client"
    ) -> Generator[Progress | ScoredImage, None, None]:
        finished = work_on_dask_steps(
            client, list(todo), lambda name: (score_on_worker, self.setup, name, tuple(todo[name]))
        )
        try:
            for name, result in finished:
                yield attempted(name, result)
        finally:
            finished.close()

    def _take(self, image: ScoredImage) -> None:
        if image.failure is not None:
            self._failures[image.name] = image.failure
        for name, log in self._logs.items():
            if image.left_out or name in image.counts:
                counts = image.counts.get(name)
                log.add(image.name, counts)
                if counts is not None:
                    self._counts[name].add(counts)

    def _step(self, done: int, total: int, failure: str | None = None) -> EvaluationStep:
        return EvaluationStep(Progress(done, total, "images"), self._mean_ious(), failure)

    def _mean_ious(self) -> dict[str, float]:
        return {
            name: BenchmarkScores.of(counts.by_class).mean_iou for name, counts in self._counts.items() if counts.images
        }


def attempted(name: str, work: Callable[[], ScoredImage]) -> ScoredImage:
    """Return what a piece of work returns, or why it failed: one image does not stop the others."""
    try:
        return work()
    except Cancelled:
        raise
    except Exception as error:  # whatever it is, the other images go on
        return ScoredImage(name, failure=reason_of(error))


def score_on_worker(setup: EvaluationSetup, name: str, rows: tuple[str, ...]) -> ScoredImage:
    """Score an image on a worker of a cluster, with the models that the worker has loaded before."""
    scorer = loaded_on_worker(setup, lambda: run_to_end(ImageScorer.load_steps(setup)))
    return scorer.score(name, rows)


def log_path(folder: Path, row: str) -> Path:
    """Where the log of a line is."""
    return folder / f"{re.sub(r'[^a-z0-9.-]+', '_', row.lower()).strip('_')}{SUFFIX}"


def logs_in(folder: Path) -> Iterator[tuple[ScoreLog, dict[str, Any]]]:
    """Yield the logs of a folder and their headers, in the order of their names."""
    if not folder.is_dir():
        raise CliptraseError(f"{folder} is not a folder of an evaluation; give what --out of an evaluation named.")
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        log = ScoreLog(path)
        header = log.header
        if header is None:
            raise ScoreLogError(f"{path} is empty; remove it.")
        yield log, header

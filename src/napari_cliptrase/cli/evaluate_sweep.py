"""napari-cliptrase evaluate sweep: all combinations of settings on the same images, best first."""

import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from napari_cliptrase.atomic import write_text
from napari_cliptrase.cli.cluster_options import Scheduler, Workers
from napari_cliptrase.cli.evaluation_run import (
    Again,
    AsJson,
    Limit,
    Out,
    RunChoices,
    Templates,
    check_names,
    run_evaluation,
)
from napari_cliptrase.cli.model_options import ClipName, Device, Precision
from napari_cliptrase.cliptrase.options import Absent, Denoise, Recovery, TemplateSet, Vote
from napari_cliptrase.engine.settings import Settings, limits_of
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.loss_report import count_text

if TYPE_CHECKING:
    from napari_cliptrase.evaluate.evaluation_rows import Vocabulary
    from napari_cliptrase.evaluate.labelled_images import LabelledImages
    from napari_cliptrase.evaluate.sweep import SweepAxes

Choice = TypeVar("Choice", bound=StrEnum)
_ALL: Final = "all"
_AUTO: Final = "auto"
_PAINTED: Final = "painted-world"
_PROJECT: Final = "project"


def sweep(
    dataset: Annotated[str, typer.Argument(help="painted-world, a benchmark such as voc20, or project.")] = _PAINTED,
    root: Annotated[Path | None, typer.Option(help="The folder of the benchmark or of the project.")] = None,
    recovery: Annotated[str, typer.Option(help="Several with commas, or all.")] = _ALL,
    denoise: Annotated[str, typer.Option(help="Several with commas, or all.")] = Denoise.CLS_SUBTRACT.value,
    vote: Annotated[str, typer.Option(help="Several with commas, or all.")] = _ALL,
    absent: Annotated[str, typer.Option(help="Several with commas, or all.")] = Absent.OFF.value,
    resolution: Annotated[str, typer.Option(help="Short sides in pixels, with commas.")] = "336",
    eps: Annotated[str, typer.Option(help="Radii of DBSCAN with commas; auto follows the number of patches.")] = _AUTO,
    protect: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="A lead that no vote overrules, 1 for none; the default's if left out."),
    ] = None,
    scenes: Annotated[int, typer.Option(min=1, help="painted-world: how many scenes.")] = 30,
    first_seed: Annotated[int, typer.Option(help="painted-world: the seed of the first scene.")] = 0,
    split: Annotated[str, typer.Option(help="painted-world: plain, or small.")] = "plain",
    words: Annotated[str, typer.Option(help="painted-world: 20, 200 or 200-near names.")] = "20",
    model: ClipName = "demo",
    templates: Templates = TemplateSet.FULL,
    out: Out = None,
    limit: Limit = None,
    again: Again = False,
    workers: Workers = 0,
    scheduler: Scheduler = None,
    device: Device = "auto",
    precision: Precision = "auto",
    as_json: AsJson = False,
) -> None:
    """Score all combinations of settings, write them as a table, best first; a stopped sweep goes on.

    napari-cliptrase evaluate sweep --recovery cliptrase,naclip --vote all --resolution 224,336
    """
    axes = _axes(recovery, denoise, vote, absent, resolution, eps)
    from napari_cliptrase.evaluate.image_scorer import EvaluationSetup
    from napari_cliptrase.evaluate.sweep import SweepTable, sweep_rows

    images, vocabulary = _images(dataset, root, (first_seed, scenes, split, words))
    settings = Settings(templates=templates)
    if protect is not None:
        settings = replace(settings, protect=protect)
    points = tuple(axes.points())
    folder = out or Path("evaluation") / f"sweep-{dataset}"
    setup = EvaluationSetup(images, sweep_rows(points, settings, vocabulary), model, device, precision)
    typer.echo(f"{count_text(len(points), 'combination')}; results go to {folder}", err=True)
    names = images.names()[:limit]
    result = run_evaluation(setup, names, RunChoices(folder, again, workers, scheduler))
    table = SweepTable(f"Sweep on {images.title}, {count_text(len(names), 'image')}, {model}", points, result)
    data = json.dumps(table.as_json(), indent=1, ensure_ascii=False) + "\n"
    write_text(folder / "sweep.json", data)
    write_text(folder / "sweep.md", table.markdown())
    typer.echo((data if as_json else table.markdown()).rstrip())


def _axes(recovery: str, denoise: str, vote: str, absent: str, resolution: str, eps: str) -> "SweepAxes":
    from napari_cliptrase.evaluate.sweep import SweepAxes

    return SweepAxes(
        _chosen("recovery", recovery, Recovery),
        _chosen("denoise", denoise, Denoise),
        _chosen("vote", vote, Vote),
        _chosen("absent", absent, Absent),
        tuple(_resolution(word) for word in _words("resolution", resolution)),
        tuple(None if word == _AUTO else _eps(word) for word in _words("eps", eps)),
    )


def _words(what: str, text: str) -> list[str]:
    words = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not words:
        raise CliptraseError(f"--{what} names nothing; give values with commas between them.")
    return words


def _chosen(what: str, text: str, kind: type[Choice]) -> tuple[Choice, ...]:
    words = _words(what, text)
    if _ALL in words:
        return tuple(kind)
    unknown = [word for word in words if word not in tuple(kind)]
    if unknown:
        raise CliptraseError(f"There is no {what} {unknown[0]!r}; choose {', '.join(kind)}, or all.")
    return tuple(kind(word) for word in words)


def _resolution(word: str) -> int:
    lowest, highest = limits_of("resolution")
    if not word.isdecimal() or not lowest <= int(word) <= highest:
        raise CliptraseError(f"{word!r} is not a resolution; give whole numbers from {lowest} to {highest}.")
    return int(word)


def _eps(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1000:  # nan as well
        raise CliptraseError(f"{word!r} is not a radius; give numbers above 0 up to 1000, such as 0.9, or auto.")
    return value


def _images(dataset: str, root: Path | None, painted: tuple[int, int, str, str]) -> "tuple[LabelledImages, Vocabulary]":
    """Return the images of a name, and the words to ask for."""
    from napari_cliptrase.evaluate.datasets.benchmark_list import BENCHMARKS

    if dataset == _PAINTED:
        return _painted(*painted)
    if dataset not in (*BENCHMARKS, _PROJECT):
        raise CliptraseError(
            f"There is no data set {dataset!r}; choose {', '.join([_PAINTED, *BENCHMARKS, _PROJECT])}."
        )
    if root is None:
        raise CliptraseError(f"{dataset} is in a folder; name it with --root.")
    if dataset == _PROJECT:
        from napari_cliptrase.evaluate.datasets.own_images import ProjectImages

        found = ProjectImages(root.absolute())
        return found, found.own.vocabulary
    from napari_cliptrase.evaluate.datasets.benchmark_images import BenchmarkImages
    from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol

    full = EvaluationProtocol.FULL
    return BenchmarkImages(dataset, root.absolute(), full), BENCHMARKS[dataset].vocabulary(full)


def _painted(first: int, count: int, split: str, words: str) -> "tuple[LabelledImages, Vocabulary]":
    from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes, SceneSplit
    from napari_cliptrase.evaluate.word_lists import WordList

    for what, given, known in (("split", split, tuple(SceneSplit)), ("list of words", words, tuple(WordList))):
        check_names(what, [given], known)
    return PaintedScenes(first, count, split=SceneSplit(split)), WordList(words).vocabulary

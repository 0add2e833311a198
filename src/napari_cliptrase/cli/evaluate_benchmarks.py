"""napari-cliptrase evaluate voc20, ade150, … and folder, project: score methods on images whose masks are known."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.core import TyperGroup

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.cluster_options import Scheduler, Workers
from napari_cliptrase.cli.evaluation_run import (
    Again,
    AsJson,
    Limit,
    Methods,
    Out,
    RunChoices,
    Sam,
    Templates,
    evaluate_and_report,
)
from napari_cliptrase.cli.model_options import ClipName, Device, Precision
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.evaluate.datasets.benchmark_images import BenchmarkImages
from napari_cliptrase.evaluate.datasets.benchmark_list import BENCHMARKS
from napari_cliptrase.evaluate.datasets.own_images import FolderImages, OwnClasses, ProjectImages
from napari_cliptrase.evaluate.evaluation import EvaluationResult
from napari_cliptrase.evaluate.evaluation_report import EvaluationReport
from napari_cliptrase.evaluate.evaluation_rows import PUBLISHED_SIZES, EvaluationProtocol, EvaluationRow, rows_of
from napari_cliptrase.evaluate.image_scorer import EvaluationSetup
from napari_cliptrase.evaluate.published_figures import published_figures
from napari_cliptrase.models.catalog import DEFAULT_CLIP

if TYPE_CHECKING:
    from napari_cliptrase.evaluate.datasets.benchmark import Benchmark

DEFAULT_METHOD: Final = "cliptrase"
OUT: Final = Path("evaluation")
_PUBLISHED_NOTES: Final = {
    EvaluationProtocol.PAPER: ("The published figures are those of the paper's code with OpenAI's ViT-B/16.",),
    EvaluationProtocol.FULL: (
        "The published figures are others', with OpenAI's ViT-B/16 in windows and with backgrounds of their choosing.",
    ),
}

ShortSide = Annotated[int | None, typer.Option(min=32, help="Short side in pixels; paper: 224 or 336.")]


def benchmark_command(benchmark: "Benchmark") -> Callable[..., None]:
    """Return the command of a benchmark."""

    def command(
        root: Annotated[Path, typer.Option(help="The folder that holds the data set.")],
        method: Methods = None,
        protocol: Annotated[
            EvaluationProtocol, typer.Option(help="paper: centre square; full: whole images.")
        ] = EvaluationProtocol.FULL,
        size: ShortSide = None,
        model: ClipName = DEFAULT_CLIP,
        templates: Templates = TemplateSet.FULL,
        out: Out = None,
        limit: Limit = None,
        again: Again = False,
        workers: Workers = 0,
        scheduler: Scheduler = None,
        device: Device = "auto",
        precision: Precision = "auto",
        sam: Sam = "demo",
        as_json: AsJson = False,
    ) -> None:
        paper = protocol is EvaluationProtocol.PAPER
        side = size or (max(PUBLISHED_SIZES) if paper else benchmark.short_side)
        images = BenchmarkImages(benchmark.key, root.absolute(), protocol)
        rows = rows_of(
            method or [DEFAULT_METHOD],
            replace(protocol.settings(side), templates=templates),
            benchmark.vocabulary(protocol),
            prior=paper and benchmark.prior,
        )
        published = {row.name: published_figures(benchmark.key, protocol, side, row.name) for row in rows}
        notes = [*images.notes(), *(_PUBLISHED_NOTES[protocol] if any(published.values()) else ())]
        title = f"{benchmark.title}, {protocol} protocol at {side} pixels, {model}"
        evaluate_and_report(
            EvaluationSetup(images, rows, model, device, precision, sam),
            images.names()[:limit],
            RunChoices(out or OUT / f"{benchmark.key}-{protocol}-{side}", again, workers, scheduler, as_json),
            lambda result: EvaluationReport(title, result, as_published=paper, published=published, notes=notes),
        )

    count = len(benchmark.published_names)
    background = " and background" if benchmark.background is not None else ""
    command.__doc__ = f"Score methods on {benchmark.title}: {count} classes{background}."
    return command


def folder(
    images: Annotated[Path, typer.Option(help="Folder of the images.")],
    masks: Annotated[Path, typer.Option(help="Folder of indexed masks (PNG or TIFF) with the names of the images.")],
    classes: Annotated[
        Path, typer.Option(help="Class list, text or JSON; the ids are the numbers in the masks, 0 is background.")
    ],
    void: Annotated[list[int] | None, typer.Option(help="A number that is not scored; may be repeated. [255]")] = None,
    method: Methods = None,
    size: ShortSide = None,
    model: ClipName = DEFAULT_CLIP,
    templates: Templates = TemplateSet.FULL,
    out: Out = None,
    limit: Limit = None,
    again: Again = False,
    workers: Workers = 0,
    scheduler: Scheduler = None,
    device: Device = "auto",
    precision: Precision = "auto",
    sam: Sam = "demo",
    as_json: AsJson = False,
) -> None:
    """Score methods on images and masks of your own."""
    own = OwnClasses(PromptSet.load(classes))
    found = FolderImages(images.absolute(), masks.absolute(), own, tuple(void or (255,)))
    side = size or max(PUBLISHED_SIZES)
    setup = EvaluationSetup(found, _own_rows(own, method, side, templates), model, device, precision, sam)
    choices = RunChoices(out or OUT / f"{images.resolve().name}-{side}", again, workers, scheduler, as_json)
    evaluate_and_report(setup, found.names()[:limit], choices, _own_report(setup, side, found.notes()))


def project(
    folder: Annotated[Path, typer.Argument(help="An annotation project; its finished images are scored.")],
    method: Methods = None,
    size: ShortSide = None,
    model: ClipName = DEFAULT_CLIP,
    templates: Templates = TemplateSet.FULL,
    out: Out = None,
    limit: Limit = None,
    again: Again = False,
    workers: Workers = 0,
    scheduler: Scheduler = None,
    device: Device = "auto",
    precision: Precision = "auto",
    sam: Sam = "demo",
    as_json: AsJson = False,
) -> None:
    """Score methods on the finished images of an annotation project."""
    found = ProjectImages(folder.absolute())
    side = size or max(PUBLISHED_SIZES)
    setup = EvaluationSetup(found, _own_rows(found.own, method, side, templates), model, device, precision, sam)
    choices = RunChoices(out or OUT / f"{folder.resolve().name}-{side}", again, workers, scheduler, as_json)
    evaluate_and_report(setup, found.names()[:limit], choices, _own_report(setup, side, found.notes()))


def _own_rows(
    own: OwnClasses, method: list[str] | None, side: int, templates: TemplateSet
) -> tuple[EvaluationRow, ...]:
    if not own.prompts.classes:
        raise CliptraseError("The class list is empty; name at least one class.")
    settings = replace(EvaluationProtocol.FULL.settings(side), templates=templates)
    return rows_of(method or [DEFAULT_METHOD], settings, own.vocabulary)


def _own_report(
    setup: EvaluationSetup, side: int, notes: Sequence[str]
) -> Callable[[EvaluationResult], EvaluationReport]:
    title = f"{setup.images.title}, whole images at {side} pixels, {setup.model}"
    return lambda result: EvaluationReport(title, result, notes=notes)


def benchmark_commands() -> TyperGroup:
    """Return a command for each benchmark, and those for images of one's own."""
    app = typer.Typer()
    for benchmark in BENCHMARKS.values():
        app.command(benchmark.key, rich_help_panel="Benchmarks")(benchmark_command(benchmark))
    app.command("folder", rich_help_panel="Your own images")(folder)
    app.command("project", rich_help_panel="Your own images")(project)
    return typer.main.get_group(app)

"""How every command that scores images runs: options that they share, the run itself, and the files it leaves."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_cliptrase.atomic import write_text
from napari_cliptrase.cli.cluster_options import uses_cluster
from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.progress import run_to_end

if TYPE_CHECKING:
    from napari_cliptrase.evaluate.evaluation import EvaluationResult, EvaluationStep
    from napari_cliptrase.evaluate.evaluation_report import EvaluationReport
    from napari_cliptrase.evaluate.image_scorer import EvaluationSetup

Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        help="cliptrase, vanilla, maskclip, sclip, clearclip, naclip, sc-clip, recommended; several with commas. "
        "Additions follow a colon: sc-clip:purify, naclip:pamr.",
    ),
]
FirstSeed = Annotated[int, typer.Option(help="The seed of the first scene; those that trained a model are refused.")]
Out = Annotated[Path | None, typer.Option(help="Folder of the results; a run that was stopped goes on in it.")]
Again = Annotated[bool, typer.Option("--again", help="Score all images again.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first images.")]
Sam = Annotated[str, typer.Option(help="The SAM model, for what needs one: a name or a checkpoint.")]
Templates = Annotated[TemplateSet, typer.Option(help="Sentences for each name; fewer are faster the first time.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def check_names(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Raise a sentence for the first given name that is not known."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise CliptraseError(f"There is no {what} {unknown[0]!r}; choose {', '.join(known)}.")


@dataclass(frozen=True)
class RunChoices:
    """How an evaluation runs and where its results go.

    Attributes
    ----------
    folder
        Of logs and results.
    again
        Score all images again.
    workers, scheduler
        Processes on this computer, or an existing cluster; neither works in this process.
    as_json
        Print JSON instead of a table.
    what
        What is scored, in the singular.
    """

    folder: Path
    again: bool = False
    workers: int = 0
    scheduler: str | None = None
    as_json: bool = False
    what: str = "image"


def evaluate_and_report(
    setup: "EvaluationSetup",
    names: Sequence[str],
    choices: RunChoices,
    report_of: "Callable[[EvaluationResult], EvaluationReport]",
) -> None:
    """Score images, write the report into the folder, and print it."""
    report = report_of(run_evaluation(setup, names, choices))
    write_report(report, choices.folder)
    if choices.as_json:
        typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{report.text()}\n\n{report.appendix}".rstrip())
    for remark in report.remarks():
        typer.echo(remark, err=True)


def run_evaluation(setup: "EvaluationSetup", names: Sequence[str], choices: RunChoices) -> "EvaluationResult":
    """Score images and show how far it is; Ctrl-C says what is done."""
    elsewhere = uses_cluster(choices.workers, choices.scheduler)
    typer.echo(f"Scoring {setup.model} on {count_text(len(names), choices.what)}", err=True)
    done = 0
    with (
        message_when_stopped(
            lambda: (
                f"Stopped after {done:,} of {count_text(len(names), choices.what.split()[-1])}; "
                "the same command with --out continues in that folder."
            )
        ),
        ExitStack() as stack,
    ):
        from napari_cliptrase.batch.dask_runner import dask_client
        from napari_cliptrase.cli.evaluation_display import EvaluationDisplay
        from napari_cliptrase.evaluate.evaluation import Evaluation

        client = None
        if elsewhere:
            client = stack.enter_context(dask_client(scheduler=choices.scheduler, workers=choices.workers))
        display = stack.enter_context(EvaluationDisplay())

        def watch(step: "EvaluationStep") -> None:
            nonlocal done
            done = step.progress.done if step.counts_images else done
            display.watch(step)

        return run_to_end(Evaluation(setup, choices.folder).run_steps(names, again=choices.again, client=client), watch)


def write_report(report: "EvaluationReport", folder: Path) -> None:
    """Write a report as results.json, results.md and results.html."""
    write_text(folder / "results.json", json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "results.md", report.markdown())
    write_text(folder / "results.html", report.page())

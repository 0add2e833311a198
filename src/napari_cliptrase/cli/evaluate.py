"""napari-cliptrase evaluate: how good results are on pictures whose true masks are known."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from napari_cliptrase.cli.cluster_options import Scheduler, Workers
from napari_cliptrase.cli.evaluate_annotator import annotator, learning
from napari_cliptrase.cli.evaluate_sweep import sweep
from napari_cliptrase.cli.evaluation_run import (
    Again,
    AsJson,
    FirstSeed,
    Methods,
    Out,
    RunChoices,
    Sam,
    check_names,
    evaluate_and_report,
    run_evaluation,
)
from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.model_options import ClipName
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.progress import Progress, Watch, run_to_end
from napari_cliptrase.refine.methods import Method, load_refiner_steps


class _EvaluateCommands(TyperGroup):
    """The commands of this file, and one for each benchmark, which is imported only when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*{**self.commands, **self._more().commands}]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        if found is None:
            self.commands.update(self._more().commands)
            found = super().get_command(ctx, cmd_name.lower())
        return found

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Say that it works before anything large is imported, also what the list of benchmarks needs."""
        if args and "--help" not in args:
            typer.echo(f"evaluate {args[0]}: getting ready", err=True)
        return super().resolve_command(ctx, args)

    def _more(self) -> TyperGroup:
        from napari_cliptrase.cli.evaluate_benchmarks import benchmark_commands

        return benchmark_commands()


app = typer.Typer(cls=_EvaluateCommands, no_args_is_help=True)

Scenes = Annotated[int, typer.Option(help="How many scenes to paint and score.")]
SceneSide = Annotated[int, typer.Option(min=32, help="Side of the scenes in pixels.")]


@app.callback()
def evaluate() -> None:
    """Score methods on painted scenes, on benchmarks, or on images of your own."""


@app.command("painted-world")
def painted_world(
    scenes: Scenes = 200,
    first_seed: FirstSeed = 0,
    size: SceneSide = 336,
    method: Methods = None,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="All steps of the method, its peers, and what goes beyond it.")
    ] = False,
    protocol: Annotated[str, typer.Option(help="paper or full: how methods are set.")] = "paper",
    split: Annotated[str, typer.Option(help="plain, or small: crowded scenes of thin and small things.")] = "plain",
    words: Annotated[
        str, typer.Option(help="20, 200 or 200-near: how many names are asked for, near: with other words.")
    ] = "20",
    sam: Annotated[bool, typer.Option("--sam", help="Refine the last method with the demo SAM.")] = False,
    model: ClipName = "demo",
    out: Out = None,
    again: Again = False,
    workers: Workers = 0,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> None:
    """Score segmentation by the names of all classes: four figures, intervals, boundaries, worst mistakes."""
    from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes, SceneSplit
    from napari_cliptrase.evaluate.evaluation_report import EvaluationReport
    from napari_cliptrase.evaluate.evaluation_rows import FURTHER_ROWS, LADDER, PEERS, EvaluationProtocol
    from napari_cliptrase.evaluate.image_scorer import EvaluationSetup
    from napari_cliptrase.evaluate.painted_world import mistakes_table, scene_rows
    from napari_cliptrase.evaluate.word_lists import WordList

    for what, given, known in (
        ("protocol", protocol, EvaluationProtocol),
        ("split", split, SceneSplit),
        ("list of words", words, WordList),
    ):
        check_names(what, [given], [*known])
    images = PaintedScenes(first_seed, scenes, size, SceneSplit(split))
    names = [*(method or []), *([*PEERS, *LADDER, *FURTHER_ROWS] if ladder else [])] or ["cliptrase"]
    names += [f"{names[-1].split(',')[-1]}:sam-prompts"] if sam else []
    rows = scene_rows(names, EvaluationProtocol(protocol), size, WordList(words))
    with _folder_for(out) as folder:
        evaluate_and_report(
            EvaluationSetup(images, rows, model),
            images.names(),
            RunChoices(folder, again, workers, scheduler, as_json, "painted scene"),
            lambda result: EvaluationReport(
                f"{images.title}, {count_text(scenes, 'scene')}, {protocol} protocol, {words} names, {model}",
                result,
                appendix=mistakes_table(result.rows[-1]),
            ),
        )


@app.command("refinement")
def refinement(
    scenes: Scenes = 100,
    first_seed: FirstSeed = 0,
    size: SceneSide = 336,
    start: Annotated[
        str, typer.Option(help="What is refined: clip (CLIPtrase), or patches (the truth by patches).")
    ] = ("clip"),
    method: Annotated[list[str] | None, typer.Option("--method", help="Only this method; may be repeated.")] = None,
    model: ClipName = "demo",
    sam: Sam = "demo",
    as_json: AsJson = False,
) -> None:
    """Score refinement methods: mean IoU, IoU along the boundaries, seconds a scene."""
    from napari_cliptrase.evaluate.held_out import held_out

    seeds = held_out(first_seed, scenes)
    check_names("start", [start], ["clip", "patches"])
    methods = method or [*Method]
    check_names("method", methods, [*Method])
    with _scoring(", ".join(methods), scenes) as (loading, counting):
        from napari_cliptrase.evaluate.coarse import from_clip, from_truth
        from napari_cliptrase.evaluate.refinement import (
            RefinementScores,
            refinement_data,
            refinement_table,
            score_refiners,
        )

        scores: list[RefinementScores] = []
        refiners = {name: run_to_end(load_refiner_steps(name, sam), loading) for name in methods}
        coarse = from_truth if start == "patches" else from_clip(model)
        for done, so_far in enumerate(score_refiners(refiners, coarse, seeds, size), start=1):
            counting(Progress(done, scenes, "scenes"))
            scores = so_far
    typer.echo(json.dumps(refinement_data(scores), indent=2) if as_json else refinement_table(scores))


@app.command("long-lists")
def long_lists(
    scenes: Scenes = 30,
    first_seed: FirstSeed = 0,
    split: Annotated[str, typer.Option(help="plain, or small: crowded scenes of thin and small things.")] = "plain",
    recovery: Annotated[list[Recovery] | None, typer.Option(help="Only this recovery; may be repeated.")] = None,
    model: ClipName = "demo",
    out: Out = None,
    again: Again = False,
    workers: Workers = 0,
    scheduler: Scheduler = None,
) -> None:
    """Score every recovery with and without the tests for absent classes, by 20 names and by 200, with intervals."""
    from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes, SceneSplit
    from napari_cliptrase.evaluate.image_scorer import EvaluationSetup
    from napari_cliptrase.evaluate.long_lists import list_rows, lists_table

    check_names("split", [split], [*SceneSplit])
    images = PaintedScenes(first_seed, scenes, split=SceneSplit(split))
    recoveries = recovery or [*Recovery]
    setup = EvaluationSetup(images, list_rows(recoveries), model)
    with _folder_for(out) as folder:
        result = run_evaluation(
            setup, images.names(), RunChoices(folder, again, workers, scheduler, what="painted scene")
        )
    typer.echo(lists_table(result, recoveries))


app.command("sweep")(sweep)
app.command("annotator")(annotator)
app.command("learning")(learning)


@app.command("compare")
def compare(
    before: Annotated[Path, typer.Argument(help="A log of an evaluation, or its folder when it holds only one.")],
    after: Annotated[Path, typer.Argument(help="What it is compared with.")],
) -> None:
    """Say by how much one evaluation is better than another on the same images, with a 95 % interval."""
    from napari_cliptrase.evaluate.comparison import compare_logs

    difference, images, differing = compare_logs(before, after)
    for key, change in differing.items():
        typer.echo(f"{key}: {change}")
    sure = "sure" if difference.low > 0 or difference.high < 0 else "not sure: the interval holds 0"
    typer.echo(
        f"{difference.score:+.2f} points of mIoU on {count_text(images, 'image')}, "
        f"95 % interval {difference.low:+.2f} to {difference.high:+.2f} ({sure})"
    )


@app.command("sam")
def sam_score(
    scenes: Scenes = 100,
    first_seed: FirstSeed = 0,
    size: SceneSide = 336,
    sam: Sam = "demo",
    as_json: AsJson = False,
) -> None:
    """Score a SAM: how well a true box, or one click in the middle, gives each painted thing."""
    from napari_cliptrase.evaluate.held_out import held_out

    seeds = held_out(first_seed, scenes)
    with _scoring(sam, scenes) as (loading, counting):
        from napari_cliptrase.evaluate.sam_score import sam_summary, sam_table, score_sam
        from napari_cliptrase.refine.embedding import load_embedder_steps

        embedder = run_to_end(load_embedder_steps(sam), loading)
        report = sam_summary(run_to_end(score_sam(embedder, seeds, size), counting))
    typer.echo(json.dumps(report, indent=2) if as_json else sam_table(report))


@contextmanager
def _folder_for(out: Path | None) -> Iterator[Path]:
    """Yield the folder that was asked for, or one that is gone afterwards."""
    if out is not None:
        yield out
        return
    with TemporaryDirectory(prefix="cliptrase-") as folder:
        yield Path(folder)


@contextmanager
def _scoring(what: str, scenes: int) -> Iterator[tuple[Watch, Watch]]:
    """Say what is scored, yield what is shown while models load and while scenes are scored; Ctrl-C says how many."""
    typer.echo(f"Scoring {what} on {count_text(scenes, 'painted scene')}", err=True)
    done = 0
    with (
        message_when_stopped(
            lambda: f"Stopped after {done:,} of {count_text(scenes, 'scene')}; scores are printed at the end."
        ),
        work_bar(f"loading {what}") as show,
    ):

        def counting(progress: Progress) -> None:
            nonlocal done
            done = progress.done
            show(progress)

        yield show, counting

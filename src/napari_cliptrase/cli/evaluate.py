"""napari-cliptrase evaluate: how good results are on pictures whose true masks are known."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from napari_cliptrase.cli.interrupts import telling_when_stopped
from napari_cliptrase.cli.work_bar import Watch, work_bar
from napari_cliptrase.cliptrase.options import Recovery
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.refine.methods import Method

app = typer.Typer(no_args_is_help=True)

Scenes = Annotated[int, typer.Option(help="How many scenes to paint and score.")]
FirstSeed = Annotated[int, typer.Option(help="The seed of the first scene; those that trained a model are refused.")]
Size = Annotated[int, typer.Option(min=32, help="Side of the scenes in pixels.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.callback()
def evaluate() -> None:
    """Score models and refinement methods on painted scenes that no training has seen; nothing is downloaded."""


@app.command("painted-world")
def painted_world(
    scenes: Scenes = 200,
    first_seed: FirstSeed = 0,
    method: Annotated[list[str] | None, typer.Option("--method", help="A row of the table; may be repeated.")] = None,
    ladder: Annotated[bool, typer.Option("--ladder", help="All steps of the method, and its peers.")] = False,
    sam: Annotated[bool, typer.Option("--sam", help="Refine the last method with the demo SAM.")] = False,
    model: Annotated[str, typer.Option("--model", "-m", help="The CLIP model.")] = "demo",
    as_json: AsJson = False,
) -> None:
    """Score segmentation by the names of all classes: mean IoU, right pixels, IoU of each class, worst mistakes."""
    from napari_cliptrase.evaluate.held_out import held_out
    from napari_cliptrase.evaluate.painted_world import LADDER, METHODS, PEERS, SceneScores, score_scenes

    seeds = held_out(first_seed, scenes)
    names = list(dict.fromkeys([*(method or []), *([*PEERS, *LADDER] if ladder else [])])) or ["cliptrase"]
    _check_names("method", names, [*METHODS])
    result = SceneScores()
    with _scoring(model, scenes) as (loading, counting):
        from napari_cliptrase.models.load import load_model_steps
        from napari_cliptrase.refine.methods import make_refiner

        clip = run_to_end(load_model_steps(model), loading)
        refiner = make_refiner(Method.SAM_PROMPTS) if sam else None
        for progress, so_far in score_scenes(clip, seeds, {name: METHODS[name] for name in names}, refiner=refiner):
            counting(progress)
            result = so_far
    typer.echo(json.dumps(result.as_json(), indent=2) if as_json else result.table())


@app.command("refinement")
def refinement(
    scenes: Scenes = 100,
    first_seed: FirstSeed = 0,
    size: Size = 336,
    start: Annotated[
        str, typer.Option(help="What is refined: clip (CLIPtrase), or patches (the truth by patches).")
    ] = ("clip"),
    method: Annotated[list[str] | None, typer.Option("--method", help="Only this method; may be repeated.")] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="The CLIP model.")] = "demo",
    sam: Annotated[str, typer.Option(help="The SAM model: a name or a checkpoint.")] = "demo",
    as_json: AsJson = False,
) -> None:
    """Score refinement methods: mean IoU, IoU along the boundaries, seconds a scene."""
    from napari_cliptrase.evaluate.held_out import held_out

    seeds = held_out(first_seed, scenes)
    _check_names("start", [start], ["clip", "patches"])
    methods = method or [*Method]
    _check_names("method", methods, [*Method])
    with _scoring(", ".join(methods), scenes) as (_, counting):
        from napari_cliptrase.evaluate.coarse import from_clip, from_truth
        from napari_cliptrase.evaluate.refinement import (
            RefinementScores,
            refinement_data,
            refinement_table,
            score_refiners,
        )
        from napari_cliptrase.refine.methods import make_refiner

        scores: list[RefinementScores] = []
        refiners = {name: make_refiner(name, sam=sam) for name in methods}
        coarse = from_truth if start == "patches" else from_clip(model)
        for done, so_far in enumerate(score_refiners(refiners, coarse, seeds, size), start=1):
            counting(Progress(done, scenes, "scenes"))
            scores = so_far
    typer.echo(json.dumps(refinement_data(scores), indent=2) if as_json else refinement_table(scores))


@app.command("long-lists")
def long_lists(
    scenes: Scenes = 30,
    first_seed: FirstSeed = 0,
    recovery: Annotated[list[Recovery] | None, typer.Option(help="Only this recovery; may be repeated.")] = None,
    model: Annotated[str, typer.Option("--model", "-m", help="The CLIP model.")] = "demo",
) -> None:
    """Score every recovery with and without the tests for absent classes, by 20 names and by 200, with intervals."""
    from napari_cliptrase.evaluate.held_out import held_out

    seeds = held_out(first_seed, scenes)
    with _scoring(model, scenes) as (loading, counting):
        from napari_cliptrase.evaluate.long_lists import lists_table, score_lists
        from napari_cliptrase.models.load import load_model_steps

        clip = run_to_end(load_model_steps(model), loading)
        found = run_to_end(score_lists(clip, seeds, recovery or [*Recovery]), counting)
    typer.echo(lists_table(found))


@app.command("sam")
def sam_score(
    scenes: Scenes = 100,
    first_seed: FirstSeed = 0,
    size: Size = 336,
    sam: Annotated[str, typer.Option(help="The SAM model: a name or a checkpoint.")] = "demo",
    as_json: AsJson = False,
) -> None:
    """Score a SAM: how well a true box, or one click in the middle, gives each painted thing."""
    from napari_cliptrase.evaluate.held_out import held_out

    seeds = held_out(first_seed, scenes)
    with _scoring(sam, scenes) as (loading, counting):
        from napari_cliptrase.evaluate.sam_score import sam_summary, sam_table, score_sam
        from napari_cliptrase.models.load import load_sam_steps

        network = run_to_end(load_sam_steps(sam), loading)
        report = sam_summary(run_to_end(score_sam(network, seeds, size), counting))
    typer.echo(json.dumps(report, indent=2) if as_json else sam_table(report))


def _check_names(what: str, given: list[str], known: list[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise CliptraseError(f"There is no {what} {unknown[0]!r}; choose {', '.join(known)}.")


@contextmanager
def _scoring(what: str, scenes: int) -> Iterator[tuple[Watch, Watch]]:
    """Say what is scored, yield what is shown while models load and while scenes are scored; Ctrl-C says how many."""
    typer.echo(f"Scoring {what} on {scenes:,} painted scenes", err=True)
    done = 0
    with (
        telling_when_stopped(lambda: f"Stopped after {done:,} of {scenes:,} scenes; scores are printed at the end."),
        work_bar(f"loading {what}") as show,
    ):

        def counting(progress: Progress) -> None:
            nonlocal done
            done = progress.done
            show(progress)

        yield show, counting

"""napari-cliptrase batch: a folder of images to an annotation project with a model's masks in it."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.batch_export import chosen_export, export_and_report
from napari_cliptrase.cli.batch_setup import SetupChanges, chosen_setup, remember
from napari_cliptrase.cli.cluster_options import Scheduler, Workers, uses_cluster
from napari_cliptrase.cli.interrupts import Stopped, message_when_stopped
from napari_cliptrase.cli.model_options import Device, Precision, SamForRefine
from napari_cliptrase.cli.plane_options import ChosenPlanes, Smoothing, checked_smoothing
from napari_cliptrase.cli.prompt_options import Examples, Prompts, PromptsFile, prompts_if_given
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.engine.settings import Detail
from napari_cliptrase.errors import CliptraseError, ProjectError
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.models.catalog import DEFAULT_CLIP
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.project.project_paths import ProjectPaths
from napari_cliptrase.refine.methods import METHOD_HELP, Method

if TYPE_CHECKING:
    from napari_cliptrase.batch.batch_plan import BatchPlan
    from napari_cliptrase.batch.image_work import RunSetup
    from napari_cliptrase.batch.runner import ImageOutcome
    from napari_cliptrase.project.project import Project

_NO_CLASSES: Final = '{} is not a project yet; name its classes with --prompts "cat; dog".'


def batch(
    folder: Annotated[Path, typer.Argument(help="A folder of images; it becomes a project if it is not one yet.")],
    prompts: Prompts = None,
    prompts_file: PromptsFile = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help=f"CLIP; the project's, or {DEFAULT_CLIP}.")] = None,
    detail: Annotated[Detail | None, typer.Option(help="How finely to look; finer is slower.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Least probability of a class, 0 to 1.")] = None,
    refine: Annotated[
        Method | None, typer.Option(help=f"Sharpen the masks along the image; the project's. {METHOD_HELP}")
    ] = None,
    no_refine: Annotated[bool, typer.Option("--no-refine", help="Do not sharpen them any more.")] = False,
    sam: SamForRefine = None,
    examples: Examples = None,
    planes: ChosenPlanes = None,
    smooth: Smoothing = 0.0,
    device: Device = "auto",
    precision: Precision = "auto",
    mode: Annotated[MergeMode, typer.Option(help="What may be overwritten.")] = MergeMode.KEEP_EDITS,
    again: Annotated[bool, typer.Option("--again", help="Also images that were segmented like that before.")] = False,
    finished: Annotated[bool, typer.Option("--finished", help="Also images that a person has finished.")] = False,
    workers: Workers = 0,
    scheduler: Scheduler = None,
    images_at: Annotated[
        str | None, typer.Option("--images-at", help="Folder or URL where the workers find the images.")
    ] = None,
    export: Annotated[
        str | None, typer.Option("--export", help="Also write all masks in these formats: coco,voc.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for --export.")] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Write report.html, the most uncertain images first.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Segment a folder of images into a project, and go on where it was interrupted.

    napari-cliptrase batch photos/ --prompts "cat; dog: puppy; background: wall"
    """
    if not uses_cluster(workers, scheduler) and images_at is not None:
        raise CliptraseError("--images-at is for workers; give --workers or --scheduler, too.")
    changes = SetupChanges(
        model,
        detail,
        threshold,
        refine,
        sam,
        no_refine,
        examples,
        device,
        precision,
        planes,
        checked_smoothing(smooth),
    )
    exporting = chosen_export(export, out)
    prompt_set = prompts_if_given(prompts, prompts_file)
    typer.echo(f"Looking at the images of {folder}", err=True)
    if dry_run and not ProjectPaths(folder).project_file.exists():
        typer.echo(_would_begin(folder, prompt_set))
        return
    outcomes: list[ImageOutcome] = []
    not_exported = 0
    plan: BatchPlan | None = None
    stop: Stopped | None = None
    with _opened(folder, prompt_set, dry_run) as project:
        if project.read_only and not dry_run:
            raise ProjectError(" ".join(project.notes))
        if exporting is not None:
            exporting.check_place(project)
        try:
            with message_when_stopped(lambda: _what_was_done(plan, outcomes)):
                setup = chosen_setup(project, changes)
                from napari_cliptrase.batch.batch_plan import plan_batch

                run = setup.run()
                plan = plan_batch(project, run, again=again, finished=finished)
                would = "" if exporting is None or not dry_run else exporting.announcement
                for note in (*(() if dry_run else project.notes), str(plan), _skipped(project), would):
                    if note:
                        typer.echo(note, err=True)
                if not dry_run:
                    remember(project, setup)
                    _run(project, setup, run, plan, mode, Cluster(workers, scheduler, images_at), outcomes)
                    if exporting is not None:
                        not_exported = export_and_report(project, exporting)
                    if report:
                        _write_report(project)
        except Stopped as stopped:
            stop = stopped
        if plan is not None:
            _print_outcomes(plan, outcomes, as_json=as_json, dry_run=dry_run)
        if stop is not None:
            raise stop
        assert plan is not None
        failures = len(plan.blocked) + sum(outcome.failure is not None for outcome in outcomes)
        if failures:
            raise CliptraseError(f"{failures} of {len(project)} images could not be segmented.")
        if not_exported:
            raise CliptraseError(f"{not_exported} of {len(project)} images could not be exported.")


def _write_report(project: "Project") -> None:
    from napari_cliptrase.batch.report import write_report_steps

    with work_bar("Report") as watch:
        path = run_to_end(write_report_steps(project), watch)
    typer.echo(f"The report is {path}", err=True)


def _what_was_done(plan: "BatchPlan | None", outcomes: "Sequence[ImageOutcome]") -> str:
    todo = f"{len(outcomes)} of {len(plan.todo)} images were" if plan is not None else "No image was"
    return f"Stopped. {todo} segmented; the same command does the rest."


def _would_begin(folder: Path, prompts: PromptSet | None) -> str:
    """Say what a run would do with a folder that is no project yet; raise where it would do nothing."""
    from napari_cliptrase.project.image_search import find_images, images_below

    count = len(find_images(folder / images_below(folder)).images)
    if not count:
        raise ProjectError(f"{folder} holds no image that fits; choose a folder with images.")
    if prompts is None:
        raise ProjectError(_NO_CLASSES.format(folder))
    images = "its image" if count == 1 else f"each of its {count:,} images"
    return f"{folder} would become a project, and {images} would be segmented."


def _opened(folder: Path, prompts: PromptSet | None, dry_run: bool) -> "Project":
    from napari_cliptrase.project.project import Project

    if not Project.is_project(folder):
        if prompts is None:
            raise ProjectError(_NO_CLASSES.format(folder))
        return Project.create(folder, prompts)
    project = Project.open(folder, write=not dry_run)
    if prompts is not None and [(e.phrases, e.text) for e in prompts] != [(e.phrases, e.text) for e in project.prompts]:
        project.close()
        raise ProjectError(
            f"{folder} is a project with other classes; omit --prompts, or change the classes in the project."
        )
    return project


@dataclass(frozen=True)
class Cluster:
    """Where the work is done: this process when there are neither workers nor a scheduler."""

    workers: int
    scheduler: str | None
    images_at: str | None


def _run(
    project: "Project",
    setup: "RunSetup",
    run: dict[str, Any],
    plan: "BatchPlan",
    mode: MergeMode,
    cluster: Cluster,
    outcomes: "list[ImageOutcome]",
) -> None:
    """Do the work of a plan."""
    if not plan.todo:
        return
    from napari_cliptrase.batch.dask_runner import dask_client, run_on_dask_steps
    from napari_cliptrase.batch.image_work import ImageWorker
    from napari_cliptrase.batch.runner import ResultWriter, run_batch_steps
    from napari_cliptrase.cli.batch_display import BatchDisplay
    from napari_cliptrase.project.pixel_provenance import Provenance

    kind = Provenance.MODEL if setup.refine is None else Provenance.REFINED
    writer = ResultWriter(project, run, mode, kind)
    with ExitStack() as stack, BatchDisplay(len(plan.todo)) as display:
        if uses_cluster(cluster.workers, cluster.scheduler):
            client = stack.enter_context(dask_client(scheduler=cluster.scheduler, workers=cluster.workers))
            steps = run_on_dask_steps(writer, setup, plan.todo, client, cluster.images_at)
        else:
            worker = run_to_end(ImageWorker.load_steps(setup), display.watch)
            steps = run_batch_steps(writer, worker, plan.todo, display.watch)
        stack.callback(steps.close)
        for outcome in steps:
            outcomes.append(outcome)
            display.finished(outcome)


def _skipped(project: "Project") -> str:
    parts = []
    if project.found.others:
        parts.append(count_text(project.found.others, "file is not an image", "files are not images"))
    if project.found.left_out:
        one, more = "image does not fit the project's patterns", "images do not fit the project's patterns"
        parts.append(count_text(project.found.left_out, one, more))
    return f"Skipped: {', '.join(parts)}." if parts else ""


def _print_outcomes(plan: "BatchPlan", outcomes: "list[ImageOutcome]", *, as_json: bool, dry_run: bool) -> None:
    failed = dict(plan.blocked) | {o.name: o.failure for o in outcomes if o.failure is not None}
    done = [outcome.name for outcome in outcomes if outcome.failure is None]
    if as_json:
        data = {
            "would": list(plan.todo) if dry_run else [],
            "done": done,
            "same": list(plan.same),
            "finished": list(plan.finished),
            "failed": [{"image": name, "reason": reason} for name, reason in sorted(failed.items())],
        }
        typer.echo(json.dumps(data, indent=1, ensure_ascii=False))
        return
    if not dry_run:
        typer.echo(f"{count_text(len(done), 'image was', 'images were')} segmented.")
    for name, reason in sorted(failed.items()):
        typer.echo(f"FAILED {name}: {reason}", err=True)

"""napari-cliptrase segment: class names to masks, for image files."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_cliptrase.atomic import clear_leftovers_below
from napari_cliptrase.batch.input_file import Failure, Input
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.inputs import find_inputs, named, print_failure
from napari_cliptrase.cli.interrupts import Stopped, message_when_stopped
from napari_cliptrase.cli.model_options import ClipName, Device, Precision, SamForRefine
from napari_cliptrase.cli.models import byte_bar
from napari_cliptrase.cli.plane_options import ChosenPlanes, Smoothing, checked_smoothing
from napari_cliptrase.cli.prompt_options import Examples, Prompts, PromptsFile, required_prompts
from napari_cliptrase.cli.settings_file import read_settings
from napari_cliptrase.cliptrase.options import Absent, Recovery, TemplateSet, Vote
from napari_cliptrase.engine.method_choice import MethodChoice
from napari_cliptrase.engine.settings import Detail, Settings, SettingsError
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_file import read_lessons
from napari_cliptrase.models.catalog import DEFAULT_CLIP, DEFAULT_SAM
from napari_cliptrase.models.sources import bring_model_steps, bring_steps, find_sam
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.methods import METHOD_HELP, Method, load_refiner_steps

if TYPE_CHECKING:
    from napari_cliptrase.batch.segment_files import SegmentedFile


def segment(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE", help="Images, folders of them, or patterns.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the masks; made when missing.")],
    prompts: Prompts = None,
    prompts_file: PromptsFile = None,
    model: ClipName = DEFAULT_CLIP,
    detail: Annotated[Detail | None, typer.Option(help="How finely to look; finer is slower.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Least probability of a class, 0 to 1; weaker pixels are background.")
    ] = None,
    vote: Annotated[Vote | None, typer.Option(help="How a region decides on its class.")] = None,
    recovery: Annotated[Recovery | None, typer.Option(help="How the last attention layer is changed.")] = None,
    method: Annotated[
        MethodChoice | None, typer.Option(help="All choices of the method; single options take precedence.")
    ] = None,
    absent: Annotated[
        Absent | None, typer.Option(help="How to find classes that are not in the image; they win no pixels.")
    ] = None,
    absent_threshold: Annotated[
        float | None, typer.Option(help="Value up to which a class counts as absent; 0.05 for purify, 0.3 for peak.")
    ] = None,
    ambiguity: Annotated[
        float | None,
        typer.Option(help="purify: share of their places that two classes have when one must go; 1 keeps both."),
    ] = None,
    templates: Annotated[TemplateSet | None, typer.Option(help="Sentences around a class name.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="Settings as JSON; the options above take precedence.")
    ] = None,
    examples: Examples = None,
    paper: Annotated[
        int | None, typer.Option(help="The published protocol at 224 or 336: masks of the central square.")
    ] = None,
    refine: Annotated[Method | None, typer.Option(help=f"Sharpen the masks along the image. {METHOD_HELP}")] = None,
    sam: SamForRefine = None,
    planes: ChosenPlanes = None,
    smooth: Smoothing = 0.0,
    device: Device = "auto",
    precision: Precision = "auto",
    overlay: Annotated[bool, typer.Option("--overlay/--no-overlay", help="Pictures with a legend, too.")] = True,
    scores: Annotated[bool, typer.Option("--scores", help="Class scores as NumPy archives, too.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace masks even if they were edited.")] = False,
    new_ids: Annotated[
        bool, typer.Option("--new-ids", help="Number the classes as written here, in a folder that had others.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Segment images by class names: one mask per image, and what is in it.

    napari-cliptrase segment photos/ --prompts "cat; dog: puppy; background: wall, floor" --out masks
    """
    prompt_set = required_prompts(prompts, prompts_file)
    if absent_threshold is not None and absent is None:
        raise SettingsError("--absent-threshold needs --absent purify or peak.")
    if ambiguity is not None and absent is not Absent.PURIFY:
        raise SettingsError("--ambiguity needs --absent purify.")
    changes = {
        "detail": detail,
        "threshold": threshold,
        "vote": vote,
        "recovery": recovery,
        "templates": templates,
        "absent": absent,
        "absent_threshold": absent_threshold,
        "ambiguity": ambiguity,
    }
    settings = _read_settings(settings_file, paper, method, changes)
    if sam is not None and (refine is None or not refine.needs_sam):
        raise CliptraseError("--sam needs --refine sam-vote or sam-prompts.")
    smoothing = checked_smoothing(smooth)
    lessons = None if examples is None else read_lessons(examples)
    if out.exists() and not out.is_dir():
        raise CliptraseError(f"{out} is a file, but --out names a folder; choose another name.")

    typer.echo(f"Segmenting {named(images)} with {model}; masks go to {out}", err=True)

    from napari_cliptrase.cli.folder_ids import number_classes

    inputs, failures = find_inputs(images, out)
    for failure in failures:
        print_failure(failure)
    if not inputs:
        raise CliptraseError(f"{len(failures)} of {len(failures)} inputs could not be segmented.")
    if len(inputs) > 1:
        typer.echo(f"{len(inputs):,} images", err=True)
    clear_leftovers_below(out)
    prompt_set, id_notes = number_classes(prompt_set, out, new_ids=new_ids)
    sharpener = sam or ("demo" if model == "demo" else DEFAULT_SAM)
    outcomes: list[SegmentedFile | Failure] = []
    stop: Stopped | None = None
    try:
        with message_when_stopped(lambda: _what_was_done(inputs, outcomes)):
            # report missing weights before torch is imported
            bring_weights(model, sharpener if refine is not None and refine.needs_sam else None)
            from napari_cliptrase.batch.segment_files import SegmentRequest, segment_files
            from napari_cliptrase.cli.display import SegmentDisplay
            from napari_cliptrase.engine.segmenter import Segmenter
            from napari_cliptrase.engine.teaching import without_examples
            from napari_cliptrase.models.load import load_model_steps

            with SegmentDisplay(len(inputs)) as display:
                clip = run_to_end(load_model_steps(model, device, precision), display.watch)
                display.note((*id_notes, *clip.notes))
                if lessons is not None:
                    lessons.check(clip.fingerprint, settings.encode_key(), clip.name)
                    display.note(without_examples(prompt_set, lessons))
                refiner = None
                if refine is not None:
                    refiner = run_to_end(load_refiner_steps(refine, sharpener, device), display.watch)
                job = SegmentRequest(
                    segmenter=Segmenter(clip, settings),
                    prompts=prompt_set,
                    out=out,
                    examples=lessons,
                    refiner=refiner,
                    planes=planes,
                    smoothing=smoothing,
                    overlay=overlay,
                    scores=scores,
                    overwrite=overwrite,
                )
                for outcome in segment_files(job, inputs, display.watch):
                    display.finished(outcome)
                    outcomes.append(outcome)
    except Stopped as stopped:
        stop = stopped
    if stop is None or outcomes:
        _print_outcomes([*failures, *outcomes], prompt_set, out, as_json=as_json)
    if stop is not None:
        raise stop
    failed = len(failures) + sum(isinstance(outcome, Failure) for outcome in outcomes)
    if failed:
        raise CliptraseError(f"{failed} of {len(failures) + len(outcomes)} inputs could not be segmented.")


def _print_outcomes(
    outcomes: "Sequence[SegmentedFile | Failure]", prompts: PromptSet, out: Path, *, as_json: bool
) -> None:
    from napari_cliptrase.batch.segment_files import SegmentedFile, as_data
    from napari_cliptrase.cli.display import print_summary

    done = [outcome for outcome in outcomes if isinstance(outcome, SegmentedFile)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    if not as_json:
        print_summary(done, prompts.table(), str(out))
        return
    data = {
        "out": str(out),
        "images": [as_data(entry) for entry in done],
        "failed": [{"image": failure.source, "reason": failure.reason} for failure in failed],
    }
    typer.echo(json.dumps(data, indent=1, ensure_ascii=False))


def _what_was_done(inputs: "Sequence[Input]", outcomes: "Sequence[SegmentedFile | Failure]") -> str:
    done = sum(not isinstance(outcome, Failure) for outcome in outcomes)
    segmented = f"{done} images were" if done != 1 else "1 image was"
    left = [str(entry.path) for entry in inputs[len(outcomes) :]]
    return f"Stopped. {segmented} segmented; not segmented: {named(left)}."


def bring_weights(model: str, sam: str | None) -> None:
    """Download what is not there yet."""
    with byte_bar(model) as watch:
        run_to_end(bring_model_steps(model), watch)
    if sam is not None:
        with byte_bar(sam) as watch:
            run_to_end(bring_steps(find_sam(sam)), watch)


def _read_settings(
    file: Path | None, paper: int | None, method: MethodChoice | None, changes: dict[str, Any]
) -> Settings:
    if file is not None and paper is not None:
        raise SettingsError("--settings and --paper both choose all settings; give one of them.")
    settings = Settings() if paper is None else Settings.paper(paper)
    if file is not None:
        settings = read_settings(file)
    if method is not None:
        if paper is not None:
            raise SettingsError("--method and --paper both choose the method; give one of them.")
        settings = method.applied(settings)
    return replace(settings, **{name: value for name, value in changes.items() if value is not None})

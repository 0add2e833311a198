"""napari-cliptrase large: one image of any size, window by window, to labels on disk."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.cluster_options import Scheduler, Workers, uses_cluster
from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.model_options import ClipName, Device, Precision
from napari_cliptrase.cli.prompt_options import Examples, Prompts, PromptsFile, required_prompts
from napari_cliptrase.cli.segment import bring_weights
from napari_cliptrase.cli.settings_file import read_settings
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_file import read_lessons
from napari_cliptrase.models.catalog import DEFAULT_CLIP
from napari_cliptrase.progress import run_to_end

if TYPE_CHECKING:
    from napari_cliptrase.learn.lesson_memory import LessonMemory
    from napari_cliptrase.masks.label_pyramid import PyramidPlace
    from napari_cliptrase.pixels.lazy_file import LazyFile
    from napari_cliptrase.pixels.planes import PlaneBox


def large(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="OME-Zarr or zarr folder, TIFF, slide, .npy.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Zarr folder for the labels. Default: labels/cliptrase in an OME-Zarr image."),
    ] = None,
    prompts: Prompts = None,
    prompts_file: PromptsFile = None,
    model: ClipName = DEFAULT_CLIP,
    detail: Annotated[Detail | None, typer.Option(help="How finely to look; full looks at every pixel.")] = None,
    level: Annotated[int | None, typer.Option(help="Level of a pyramid, 0 is the finest; chosen by --detail.")] = None,
    plane: Annotated[str | None, typer.Option(help="Plane of a stack, such as 3 or 0,3.")] = None,
    box: Annotated[str | None, typer.Option(help="Part of the level: TOP,LEFT,BOTTOM,RIGHT in pixels.")] = None,
    skip_empty: Annotated[bool, typer.Option("--skip-empty", help="Leave out parts where nothing is seen.")] = False,
    examples: Examples = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps encoded windows: other classes then need no encoding.")
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="Settings as JSON; --detail takes precedence.")
    ] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    workers: Workers = 0,
    scheduler: Scheduler = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it would take; segment nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace labels that are there.")] = False,
) -> None:
    """Segment one large image, part by part: it need not fit into memory.

    Ctrl-C keeps what is finished; the same command continues from there.

    napari-cliptrase large slide.ome.zarr --prompts "tumour; stroma; background: glass"
    """
    prompt_set = required_prompts(prompts, prompts_file)
    settings = _settings(settings_file, detail)
    lessons = None if examples is None else read_lessons(examples)
    if cache is not None and cache.exists() and not cache.is_dir():
        raise CliptraseError(f"{cache} is a file, but --cache names a folder; choose another name.")
    if uses_cluster(workers, scheduler) and cache is not None:
        raise CliptraseError("--cache keeps windows that this process encodes; leave it out where workers do that.")
    typer.echo(f"Opening {image}", err=True)

    from napari_cliptrase.pixels.lazy_file import open_lazily

    with open_lazily(image) as opened:
        number = opened.level_for(settings.working_resolution) if level is None else level
        if not 0 <= number < len(opened.levels):
            raise CliptraseError(f"{image} has levels 0 to {len(opened.levels) - 1}; there is no level {number}.")
        index = _plane(opened, plane)
        part = _box(box, opened.shape(number))
        place = _place(opened, number, out, image)
        bring_weights(model, None)
        _segment(
            opened, number, index, part, place, prompt_set, settings, (model, device, precision), lessons, cache,
            workers=workers, scheduler=scheduler, skip_empty=skip_empty, only_estimate=estimate, overwrite=overwrite,
        )  # fmt: skip


def _segment(
    opened: "LazyFile",
    level: int,
    index: tuple[int, ...],
    box: "PlaneBox | None",
    place: "PyramidPlace",
    prompts: PromptSet,
    settings: Settings,
    choice: tuple[str, str, str],
    examples: "LessonMemory | None",
    cache: Path | None,
    *,
    workers: int,
    scheduler: str | None,
    skip_empty: bool,
    only_estimate: bool,
    overwrite: bool,
) -> None:
    from napari_cliptrase.batch.dask_runner import dask_client
    from napari_cliptrase.batch.large_dask import LargeSetup, run_large_on_dask_steps
    from napari_cliptrase.batch.large_run import estimate_large, prepare_large_run
    from napari_cliptrase.engine.pipeline import LargeRequest
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.engine.teaching import without_examples
    from napari_cliptrase.engine.window_cache import WindowCache
    from napari_cliptrase.models.load import load_model_steps
    from napari_cliptrase.pixels.lazy_picture import open_picture

    done: list[str] = []
    with message_when_stopped(lambda: done[-1] if done else "Stopped before it began. Nothing was written."):
        picture = open_picture(opened.levels[level], opened.roles, index)
        with work_bar("loading the model") as watch:
            clip = run_to_end(load_model_steps(*choice), watch)
        segmenter = Segmenter(clip, settings)
        if examples is not None:
            examples.check(clip.fingerprint, settings.encode_key(), clip.name)
            _print_notes(without_examples(prompts, examples))
        if only_estimate:
            plan = segmenter.plan_large(picture.shape)
            typer.echo(estimate_large(segmenter, plan, plan.cores_in(box)).describe())
            return
        request = LargeRequest(picture, prompts, box=box, skip_empty=skip_empty, examples=examples)
        source = f"{opened.path.absolute()} {level} {index} {picture.shape}"
        kept = None if cache is None else WindowCache(folder=cache)
        prepared = prepare_large_run(segmenter, request, source, lambda _key: place, overwrite=overwrite, cache=kept)
        finished, cores = prepared.run.pyramid.finished, prepared.cores
        if finished:
            typer.echo(f"Going on: {len(finished):,} cores are finished, {len(cores):,} are left.", err=True)
        typer.echo(f"{picture.shape[1]:,}×{picture.shape[0]:,} pixels: {prepared.expected.describe()}", err=True)
        done.append(f"Stopped. What was finished is kept in {place.root}; the same command continues from there.")
        with ExitStack() as stack:
            steps = prepared.run.steps()
            if uses_cluster(workers, scheduler):
                client = stack.enter_context(dask_client(scheduler=scheduler, workers=workers))
                name, device, precision = choice
                setup = LargeSetup(
                    str(opened.path.absolute()), level, index, prompts, settings, name, device, precision, skip_empty,
                    examples,
                )  # fmt: skip
                steps = run_large_on_dask_steps(prepared.run, setup, client)
            response = run_to_end(steps, stack.enter_context(work_bar("encoding windows")))
        _print_notes(response.notes)
        if response.empty:
            typer.echo(f"{len(response.empty):,} of {len(cores):,} parts were empty and left out.", err=True)
        if kept is not None:
            size = f"{kept.disk_nbytes / 1e6:,.1f} MB"
            typer.echo(f"Encoded windows: {size} in {cache}; delete the folder when you need them no more.", err=True)
        typer.echo(f"Labels: {place.root}")


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        typer.echo(f"{typer.style('Note:', fg='yellow')} {note}", err=True)


def _settings(file: Path | None, detail: Detail | None) -> Settings:
    settings = Settings(detail=Detail.FULL) if file is None else read_settings(file)
    return settings if detail is None else replace(settings, detail=detail)


def _plane(opened: "LazyFile", text: str | None) -> tuple[int, ...]:
    counts = opened.plane_shape
    axes = ", ".join(opened.roles.letters[axis] for axis in opened.roles.planes)
    if text is None:
        if any(count > 1 for count in counts):
            raise CliptraseError(
                f"{opened.path} has {' × '.join(map(str, counts))} planes (axes {axes}); choose one with --plane "
                f"{','.join('0' for _ in counts)}."
            )
        return (0,) * len(counts)
    try:
        index = tuple(int(number) for number in text.split(","))
    except ValueError:
        raise CliptraseError(f"--plane {text} is not a plane; write whole numbers, such as 0,3.") from None
    if len(index) != len(counts):
        raise CliptraseError(f"--plane {text} has {len(index)} numbers; the axes of planes are: {axes or 'none'}.")
    if any(not 0 <= number < count for number, count in zip(index, counts, strict=True)):
        raise CliptraseError(f"There is no plane {text}: {opened.path} has {' × '.join(map(str, counts))} planes.")
    return index


def _box(text: str | None, shape: tuple[int, int]) -> "PlaneBox | None":
    if text is None:
        return None
    try:
        top, left, bottom, right = (int(number) for number in text.split(","))
    except ValueError:
        raise CliptraseError(f"--box {text} is not a box; write TOP,LEFT,BOTTOM,RIGHT in pixels.") from None
    if not (0 <= top < bottom <= shape[0] and 0 <= left < right <= shape[1]):
        raise CliptraseError(f"--box {text} does not lie in the {shape[0]:,} × {shape[1]:,} pixels of the image.")
    return slice(top, bottom), slice(left, right)


def _place(opened: "LazyFile", level: int, out: Path | None, image: Path) -> "PyramidPlace":
    from napari_cliptrase.masks.label_pyramid import PyramidPlace, at_level, labels_beside

    root, beside = out, None
    if root is None and opened.ome_zarr and not opened.plane_shape:
        root, beside = image / "labels" / "cliptrase", image
    elif root is None:
        root = labels_beside(image)
    finest, here = opened.shape(0), opened.shape(level)
    place = PyramidPlace(root, here, here, opened.scale, unit=opened.unit, beside=beside)
    return at_level(place, (finest[0] / here[0], finest[1] / here[1]))

"""napari-cliptrase learn: images with masks to a file of examples, which segment, batch and large take."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_cliptrase.batch.input_file import Failure, Input
from napari_cliptrase.classes.prompt_class import BACKGROUND
from napari_cliptrase.cli.export import Classes, chosen_table
from napari_cliptrase.cli.inputs import find_inputs, named, print_failure
from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.model_options import ClipName, Device, Precision
from napari_cliptrase.cli.segment import bring_weights
from napari_cliptrase.cli.settings_file import read_settings
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_file import read_lessons, write_lessons
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.models.catalog import DEFAULT_CLIP
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.progress import Watch, run_to_end

if TYPE_CHECKING:
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.learn.lesson import Lesson
    from napari_cliptrase.learn.lesson_memory import LessonMemory
    from napari_cliptrase.masks.mask_search import MaskSearch


def learn(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE", help="Images, folders of them, or patterns.")],
    masks: Annotated[Path, typer.Option("--masks", help="Folder or file of their masks, in any format that is read.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, such as examples.npz.")],
    model: ClipName = DEFAULT_CLIP,
    detail: Annotated[Detail | None, typer.Option(help="How finely to look; use the same later.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="Settings as JSON; --detail takes precedence.")
    ] = None,
    classes: Classes = None,
    add: Annotated[bool, typer.Option("--add", help="Add to the examples that the file has.")] = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Learn classes from images with masks, for names that a model does not know.

    napari-cliptrase learn photos/ --masks masks/ --out examples.npz

    napari-cliptrase segment more/ --prompts "crack; rust" --examples examples.npz --out found
    """
    typer.echo(f"Learning from {named(images)} with {model}; examples go to {out}", err=True)
    settings = Settings() if settings_file is None else read_settings(settings_file)
    if detail is not None:
        settings = replace(settings, detail=detail)
    before = _examples_before(out)
    inputs, failures = find_inputs(images, out)
    for failure in failures:
        print_failure(failure)
    if not inputs:
        raise CliptraseError("There is no image to learn from.")
    from napari_cliptrase.masks.mask_search import MaskSearch

    search = MaskSearch(masks, chosen_table(classes))
    learned: list[Input] = []
    with message_when_stopped(lambda: f"Stopped after {len(learned)} of {len(inputs)} images. Nothing was written."):
        bring_weights(model, None)
        from napari_cliptrase.cli.display import SegmentDisplay
        from napari_cliptrase.engine.segmenter import Segmenter
        from napari_cliptrase.models.load import load_model_steps

        failed = len(failures)
        with SegmentDisplay(len(inputs)) as display:
            clip = run_to_end(load_model_steps(model, device, precision), display.watch)
            memory = LessonMemory(clip.fingerprint, settings.encode_key())
            if add and before is not None:
                before.check(memory.model, memory.settings, clip.name)
                memory = memory.taught(before.lessons)
            for entry, outcome in _learn_each(Segmenter(clip, settings), inputs, search, display.watch):
                if isinstance(outcome, Failure):
                    failed += 1
                    display.finished(outcome)
                else:
                    memory = memory.taught(outcome)
                    learned.append(entry)
                    display.advance()
    if learned:
        write_lessons(memory, out)
        typer.echo(f"{_summary(memory)} from {len(learned)} images are in {out}")
    if failed:
        raise CliptraseError(f"{failed} of {len(inputs) + len(failures)} inputs could not be learned from.")


def _examples_before(out: Path) -> "LessonMemory | None":
    """Return the examples that a file has; refuse to replace a file that is something else."""
    if out.is_dir():
        raise CliptraseError(f"{out} is a folder, but --out names a file; write for instance {out / 'examples.npz'}.")
    return read_lessons(out) if out.exists() else None


def _learn_each(
    segmenter: "Segmenter", inputs: "Sequence[Input]", search: "MaskSearch", watch: Watch
) -> "Iterator[tuple[Input, tuple[Lesson, ...] | Failure]]":
    for entry in inputs:
        try:
            yield entry, _learn(segmenter, entry, search, watch)
        except CliptraseError as error:
            yield entry, Failure.of(entry.path, error)


def _learn(segmenter: "Segmenter", entry: "Input", search: "MaskSearch", watch: Watch) -> "tuple[Lesson, ...]":
    from napari_cliptrase.engine.plane_lessons import plane_lessons_steps

    mask = search.mask_of(entry.stem)
    image = read_image(entry.path)
    if mask.labels.shape[:-2] != image.plane_shape:
        raise CliptraseError(f"its mask has planes {mask.labels.shape[:-2]}, the image {image.plane_shape}.")
    names = {0: BACKGROUND} | {one.id: one.name for one in mask.classes}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lessons: list[Lesson] = []
    for index in image.indices():
        steps = plane_lessons_steps(segmenter, image.rgb(index), mask.labels[index], names, time=now)
        lessons += run_to_end(steps, watch)
    return tuple(lessons)


def _summary(memory: "LessonMemory") -> str:
    parts = [f"{name} {count}" for name, count in sorted(memory.counts().items())]
    return f"{len(memory)} examples ({', '.join(parts)})"

"""napari-cliptrase evaluate annotator and learning: what annotation costs, and what corrected images teach."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_cliptrase.atomic import write_text
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.evaluation_run import AsJson, FirstSeed, Out, Sam, check_names
from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.model_options import ClipName
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.cliptrase.options import Vote
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.optional_packages import check_matplotlib
from napari_cliptrase.progress import run_to_end

if TYPE_CHECKING:
    from napari_cliptrase.evaluate.encoded_images import EncodedImages
    from napari_cliptrase.evaluate.labelled_images import LabelledImages

CELLS = "cells"
"""Painted nuclei instead of scenes."""

Names = Annotated[
    str, typer.Option(help="known: the classes' own; made-up: words no model knows; mixed: half of each.")
]
Split = Annotated[str, typer.Option(help="Painted scenes: plain, small, or rich in classes; or cells.")]
Dim = Annotated[bool, typer.Option("--dim", help="Painted scenes in dim gray, a look that the model does not know.")]
OwnImages = Annotated[Path | None, typer.Option(help="A folder of images, with --masks and --classes.")]
OwnMasks = Annotated[Path | None, typer.Option(help="Indexed masks (PNG or TIFF) with the names of the images.")]
OwnClassList = Annotated[Path | None, typer.Option(help="Class list of the masks, text or JSON.")]


def annotator(
    scenes: Annotated[int, typer.Option(min=1, help="How many painted scenes are annotated.")] = 50,
    workflow: Annotated[list[str] | None, typer.Option(help="Only this workflow; may be repeated.")] = None,
    names: Names = "known",
    split: Split = "rich",
    dim: Dim = False,
    first_seed: FirstSeed = 0,
    images: OwnImages = None,
    masks: OwnMasks = None,
    classes: OwnClassList = None,
    model: ClipName = "demo",
    sam: Sam = "demo",
    out: Out = None,
    plot: Annotated[
        Path | None, typer.Option(help="Picture of the actions along the folder, such as plot.png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count what a simulated annotator does until each image is 90 % and 95 % right.

    napari-cliptrase evaluate annotator --scenes 10 --names made-up
    """
    from napari_cliptrase.evaluate.annotated_folder import WORKFLOWS, AnnotationStudy
    from napari_cliptrase.evaluate.annotation_effort import ActionKind
    from napari_cliptrase.evaluate.annotation_report import draw_actions, study_record, study_table

    unknown = sorted(set(workflow or ()) - {known.name for known in WORKFLOWS})
    if unknown:
        known = "; ".join(one.name for one in WORKFLOWS)
        raise CliptraseError(f"There is no workflow called {unknown[0]!r}; choose {known}.")
    workflows = [one for one in WORKFLOWS if not workflow or one.name in workflow]
    found, prompts = _images_and_names(scenes, names, split, dim, first_seed, (images, masks, classes))
    if plot is not None:  # not only after hours of annotation
        check_matplotlib("A plot")
    typer.echo(
        f"Annotating {count_text(len(found.names()), 'image')} in {count_text(len(workflows), 'workflow')}", err=True
    )
    with (
        message_when_stopped(lambda: "Stopped; the table is made when all images are annotated."),
        TemporaryDirectory(prefix="cliptrase-") as folder,
        work_bar("loading") as show,
    ):
        embedder = None
        if any(ActionKind.SAM in one.clicks for one in workflows):
            from napari_cliptrase.models.load import load_sam_steps
            from napari_cliptrase.refine.embedding import Embedder

            embedder = Embedder(run_to_end(load_sam_steps(sam), show))
        study = AnnotationStudy(_encoded(found, model, Path(folder), Settings()), prompts, embedder)
        folders = run_to_end(study.run_steps(workflows), show)
    about = {"images": found.record(), "names": names, "model": model, "sam": sam}
    _give(study_record(folders, study.costs, about), study_table(folders), out, as_json)
    if plot is not None:
        draw_actions(folders, plot)


def learning(
    corrected: Annotated[
        str, typer.Option(help="After how many corrected images to score, with commas.")
    ] = "0,1,2,5,12",
    scored: Annotated[int, typer.Option(min=1, help="How many images after those are scored.")] = 20,
    names: Names = "known",
    split: Split = "rich",
    dim: Dim = False,
    first_seed: FirstSeed = 0,
    images: OwnImages = None,
    masks: OwnMasks = None,
    classes: OwnClassList = None,
    scribbles: Annotated[
        int, typer.Option(min=0, help="Lines through each class of a corrected image; 0 takes its whole mask.")
    ] = 0,
    detail: Annotated[Detail, typer.Option(help="How finely to look.")] = Detail.NORMAL,
    vote: Annotated[Vote, typer.Option(help="How the pixels of a region agree on a class.")] = Vote.HARD,
    texture: Annotated[
        bool, typer.Option("--texture/--no-texture", help="Whether colour and texture count beside the patches.")
    ] = True,
    model: ClipName = "demo",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Score images after one, two, … corrected images of the same folder.

    napari-cliptrase evaluate learning --names made-up --corrected 0,1,5 --scored 10
    """
    from napari_cliptrase.evaluate.annotation_report import curve_record, curve_table
    from napari_cliptrase.evaluate.learning_curve import learning_curve_steps

    counts = _counts(corrected)
    found, prompts = _images_and_names(max(counts) + scored, names, split, dim, first_seed, (images, masks, classes))
    if len(found.names()) < max(counts) + scored:
        raise CliptraseError(
            f"Only {count_text(len(found.names()), 'image')} with a mask found, but {max(counts)} to learn from and "
            f"{scored} to score were asked for; ask for fewer."
        )
    typer.echo(f"Learning from {count_text(max(counts), 'image')}, scoring {scored}", err=True)
    with (
        message_when_stopped(lambda: "Stopped; the table is made when all images are scored."),
        TemporaryDirectory(prefix="cliptrase-") as folder,
        work_bar("loading") as show,
    ):
        settings = Settings(detail=detail, vote=vote, texture=texture)
        encoded = _encoded(found, model, Path(folder), settings)
        points = run_to_end(learning_curve_steps(encoded, prompts, counts, scored, scribbles), show)
    how = {"names": names, "model": model, "scribbles": scribbles, "detail": detail, "vote": vote, "texture": texture}
    record = {"images": found.record(), **how, "points": curve_record(points)}
    _give(record, curve_table(points, len(found.classes)), out, as_json)


def _images_and_names(
    count: int, names: str, split: str, dim: bool, first_seed: int, own: tuple[Path | None, Path | None, Path | None]
) -> "tuple[LabelledImages, PromptSet]":
    """Return the images and the names that they are asked for by."""
    from napari_cliptrase.evaluate.datasets.painted_cells import PaintedCells
    from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes, SceneSplit
    from napari_cliptrase.evaluate.name_choice import NameChoice

    for what, given, known in (("split", split, [*SceneSplit, CELLS]), ("choice of names", names, NameChoice)):
        check_names(what, [given], [*known])
    images, masks, classes = own
    if images is None and masks is None and classes is None:
        if split == CELLS:
            cells = PaintedCells(first_seed, count)
            return cells, NameChoice(names).prompts(cells.classes)
        scenes = PaintedScenes(first_seed, count, split=SceneSplit(split), dim=dim)
        return scenes, NameChoice(names).prompts(scenes.classes)
    if images is None or masks is None or classes is None:
        raise CliptraseError("Images of your own need --images, --masks and --classes together.")
    from napari_cliptrase.evaluate.datasets.own_images import FolderImages, OwnClasses

    listed = PromptSet.load(classes)
    folder = FolderImages(images.absolute(), masks.absolute(), OwnClasses(PromptSet(listed.classes)))
    if not listed.classes:
        raise CliptraseError("The class list is empty; name at least one class.")
    return folder, NameChoice(names).prompts(folder.classes)


def _encoded(images: "LabelledImages", model: str, folder: Path, settings: Settings) -> "EncodedImages":
    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.evaluate.encoded_images import EncodedImages
    from napari_cliptrase.models.load import load_model_steps

    return EncodedImages(images, Segmenter(run_to_end(load_model_steps(model)), settings), folder)


def _counts(text: str) -> list[int]:
    try:
        counts = sorted({int(part) for part in text.split(",")})
    except ValueError:
        counts = []
    if not counts or counts[0] < 0:
        raise CliptraseError(f"--corrected is {text!r}; write whole numbers with commas, such as 0,1,5.")
    return counts


def _give(record: dict[str, Any], table: str, out: Path | None, as_json: bool) -> None:
    data = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_text(out / "results.json", data)
        write_text(out / "results.md", table)
    typer.echo((data if as_json else table).rstrip())

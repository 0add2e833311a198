"""Image files through a segmenter into a folder of masks."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.atomic import write_bytes
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.inputs import Failure, Input
from napari_cliptrase.engine.pipeline import PlaneRequest, segment_plane_steps
from napari_cliptrase.engine.result import ClassSummary, Segmentation
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.errors import Cancelled, CliptraseError
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.overlay import draw_overlay
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.run_record import record_path, write_record
from napari_cliptrase.masks.written_record import refuse_edited
from napari_cliptrase.pixels.read import ImageFile, read_image
from napari_cliptrase.progress import Watch, run_to_end
from napari_cliptrase.refine.protocol import MaskRefiner


@dataclass(frozen=True)
class SegmentRequest:
    """What is to be done with each image."""

    segmenter: Segmenter
    prompts: PromptSet
    out: Path
    examples: LessonMemory | None = None
    refiner: MaskRefiner | None = None
    overlay: bool = True
    scores: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class SegmentedPlane:
    """What came out of one plane of an image; files by their names in the output folder."""

    index: tuple[int, ...]
    mask: str
    overlay: str | None
    classes: tuple[ClassSummary, ...]


@dataclass(frozen=True)
class SegmentedFile:
    """An image that was segmented; ``size`` is the width and height of its masks."""

    source: str
    size: tuple[int, int]
    record: Path
    planes: tuple[SegmentedPlane, ...]
    notes: tuple[str, ...]


def segment_files(job: SegmentRequest, inputs: Sequence[Input], watch: Watch) -> Iterator[SegmentedFile | Failure]:
    """Segment one image after the other; the failure of one does not stop the others."""
    sources = {entry.path.resolve() for entry in inputs}
    for entry in inputs:
        try:
            yield _segment_file(job, entry, sources, watch)
        except Cancelled:
            raise
        except CliptraseError as error:
            yield Failure.of(entry.path, error)
        except MemoryError:
            yield Failure(str(entry.path), "there is not enough memory; choose a coarser detail.")
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            yield Failure(str(entry.path), f"{where}{error.strerror or error}.")
        except Exception as error:  # a bug must not cost the user the other images
            yield Failure(str(entry.path), f"unexpected {type(error).__name__}: {' '.join(str(error).split())}")


def _segment_file(job: SegmentRequest, entry: Input, sources: set[Path], watch: Watch) -> SegmentedFile:
    image = read_image(entry.path)
    indices = list(image.indices())
    stems = [piece.stem for piece in _mask(np.zeros((len(indices), 1, 1), np.uint8), image, entry, job).pieces()]
    _protect(job, stems, sources)
    results = [_segment_plane(job, image, index, watch) for index in indices]
    planes = []
    for stem, index, result in zip(stems, indices, results, strict=True):
        overlay = _write_overlay(job, image.rgb(index), stem, result) if job.overlay else None
        if job.scores:
            scored = LabelImage(result.labels, result.classes, stem=stem, image_name=entry.path.name)
            FORMATS["npz"].write(replace(scored, scores=result.scores), job.out / "scores")
        planes.append(SegmentedPlane(index, f"{stem}.png", overlay, result.summary()))
    labels = np.stack([result.labels for result in results])
    written = FORMATS["png"].write(_mask(labels, image, entry, job), job.out)
    done = SegmentedFile(
        source=str(entry.path),
        size=(labels.shape[2], labels.shape[1]),
        record=record_path(job.out, entry.stem).relative_to(job.out),
        planes=tuple(planes),
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)) + written.notes,
    )
    write_record(
        job.out,
        entry.stem,
        [plane.mask for plane in planes],
        [result.provenance for result in results],
        as_data(done),
    )
    return done


def _mask(labels: NDArray[np.integer], image: ImageFile, entry: Input, job: SegmentRequest) -> LabelImage:
    """Labels of all planes (n, H, W) with the image's plane axes."""
    letters = "".join(image.roles.letters[axis] for axis in image.roles.planes)
    return LabelImage(
        labels.reshape(*image.plane_shape, *labels.shape[1:]),
        job.prompts.table(),
        axes=f"{letters}YX",
        stem=entry.stem,
        image_name=entry.path.name,
    )


def _segment_plane(job: SegmentRequest, image: ImageFile, index: tuple[int, ...], watch: Watch) -> Segmentation:
    request = PlaneRequest(image.rgb(index), job.prompts, examples=job.examples)
    return run_to_end(segment_plane_steps(job.segmenter, request, job.refiner), watch).segmentation


def _protect(job: SegmentRequest, stems: Sequence[str], sources: set[Path]) -> None:
    """Raise instead of overwriting an input, a mask that was changed, or one from another program."""
    masks = [job.out / f"{stem}.png" for stem in stems]
    for mask in masks:
        if mask.resolve() in sources:
            raise CliptraseError(f"its mask would overwrite the input {mask}; choose another folder for --out.")
    if job.overwrite:
        return
    refuse_edited(masks)


def _write_overlay(job: SegmentRequest, rgb: NDArray[np.uint8], stem: str, result: Segmentation) -> str:
    name = f"overlays/{stem}.png"
    stream = BytesIO()
    draw_overlay(job.segmenter.picture(rgb), result.labels, result.classes).save(stream, "PNG")
    write_bytes(job.out / name, stream.getvalue())
    return name


def as_data(done: SegmentedFile) -> dict[str, Any]:
    """Return what was done with an image as JSON data."""
    return {
        "image": done.source,
        "width": done.size[0],
        "height": done.size[1],
        "record": done.record.as_posix(),
        "planes": [
            {
                "index": list(plane.index),
                "mask": plane.mask,
                "overlay": plane.overlay,
                "classes": [asdict(entry) for entry in plane.classes],
            }
            for plane in done.planes
        ],
        "notes": list(done.notes),
    }

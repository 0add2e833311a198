"""Image files through a segmenter into a folder of masks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import PlaneIndex, Rgb
from napari_cliptrase.atomic import write_bytes
from napari_cliptrase.batch.input_file import Failure, Input
from napari_cliptrase.batch.overlapped import ImageSteps, overlap_steps
from napari_cliptrase.batch.smooth_stack import segment_smooth_stack
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.engine.encoding import Encoding
from napari_cliptrase.engine.pipeline import PlaneRequest, PlaneResponse, encode_plane_steps, segment_plane_steps
from napari_cliptrase.engine.result import ClassSummary, Segmentation
from napari_cliptrase.engine.segmenter import Segmenter
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.learn.lesson_memory import LessonMemory
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.overlay import draw_overlay
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.run_record import record_path, write_record
from napari_cliptrase.masks.written_record import refuse_edited
from napari_cliptrase.pixels.planes import AxisRoles
from napari_cliptrase.pixels.read import ImageFile, read_image
from napari_cliptrase.progress import Watch, run_to_end
from napari_cliptrase.refine.protocol import MaskRefiner

_OVERLAY_QUALITY: Final = 90


@dataclass(frozen=True)
class SegmentRequest:
    """What is to be done with each image.

    ``planes`` says which planes, as `ImageFile.only` reads it; ``smoothing`` is the share of the neighbouring planes in
    the scores of each plane of a stack.
    """

    segmenter: Segmenter
    prompts: PromptSet
    out: Path
    examples: LessonMemory | None = None
    refiner: MaskRefiner | None = None
    planes: str | None = None
    smoothing: float = 0.0
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


@dataclass(frozen=True, eq=False)
class _FoundPlane:
    """What is written of a plane: labels (H, W), how they were made, and the pictures and tables beside them."""

    labels: NDArray[np.integer]
    provenance: dict[str, Any]
    notes: tuple[str, ...]
    classes: tuple[ClassSummary, ...]
    overlay: bytes | None
    scores: ClassScores | None


def segment_files(job: SegmentRequest, inputs: Sequence[Input], watch: Watch) -> Iterator[SegmentedFile | Failure]:
    """Segment images; the failure of one does not stop the others.

    While one is encoded, the next is read, the one before gets its labels and its overlay, and the one before that is
    written.
    """
    sources = {entry.path.resolve() for entry in inputs}
    masks: dict[Input, dict[PlaneIndex, LabelImage]] = {}
    steps: ImageSteps[Input, _FoundPlane, SegmentedFile] = ImageSteps(
        read=lambda entry: _open(job, entry, sources, masks),
        encode_plane=lambda rgb: run_to_end(encode_plane_steps(job.segmenter, rgb, once=True), watch),
        label=lambda rgb, encoding: _label(job, rgb, encoding),
        write=lambda entry, roles, planes: _write(job, entry, roles, planes, sources, masks.pop(entry)),
        two_fit=job.segmenter.two_fit,
        label_stack=(lambda image: _label_stack(job, image, watch)) if job.smoothing else None,
    )
    with closing(overlap_steps(inputs, steps)) as outcomes:
        for outcome in outcomes:
            if outcome.done is not None:
                yield outcome.done
            elif outcome.error is not None:
                yield Failure.of(outcome.item.path, outcome.error)


def _open(
    job: SegmentRequest, entry: Input, sources: set[Path], masks: dict[Input, dict[PlaneIndex, LabelImage]]
) -> ImageFile:
    """Read an image, unless its masks cannot be written anyway; ``masks`` gets the description of each one."""
    image = read_image(entry.path)
    every = list(image.indices())
    nothing = np.zeros((len(every), 1, 1), np.uint8)
    pieces = dict(zip(every, _mask(nothing, every, image.roles, entry, job).pieces(), strict=True))
    if job.planes is not None:
        image = image.only(job.planes)
    chosen = {index: pieces[index] for index in image.indices()}
    _protect(job, [piece.stem for piece in chosen.values()], sources)
    masks[entry] = {} if job.planes is None else chosen
    return image


def _label(job: SegmentRequest, rgb: Rgb, encoding: Encoding) -> _FoundPlane:
    request = PlaneRequest(rgb, job.prompts, encoding=encoding, examples=job.examples)
    return _found(job, rgb, run_to_end(segment_plane_steps(job.segmenter, request, job.refiner)))


def _label_stack(job: SegmentRequest, image: ImageFile, watch: Watch) -> dict[PlaneIndex, _FoundPlane]:
    """Segment all planes of an image that are asked for, with scores that are smoothed along them."""

    def ask(rgb: Rgb) -> PlaneRequest:
        encoding = run_to_end(encode_plane_steps(job.segmenter, rgb, once=True), watch)
        return PlaneRequest(rgb, job.prompts, encoding=encoding, examples=job.examples)

    return segment_smooth_stack(
        job.segmenter, image, ask, job.smoothing, lambda rgb, response: _found(job, rgb, response), job.refiner
    )


def _found(job: SegmentRequest, rgb: Rgb, response: PlaneResponse) -> _FoundPlane:
    found = response.segmentation
    return _FoundPlane(
        found.labels,
        found.provenance,
        found.notes,
        found.summary(),
        _overlay(job.segmenter.picture(rgb), found) if job.overlay else None,
        found.scores if job.scores else None,
    )


def _overlay_path(job: SegmentRequest, stem: str, sources: set[Path]) -> Path:
    """Where an overlay is written; never over an input, since images may lie in a folder called overlays."""
    place = job.out / "overlays" / f"{stem}.jpg"
    return place.with_name(f"{place.stem}_overlay.jpg") if place.resolve() in sources else place


def _overlay(rgb: Rgb, found: Segmentation) -> bytes:
    stream = BytesIO()
    draw_overlay(rgb, found.labels, found.classes).save(stream, "JPEG", quality=_OVERLAY_QUALITY, subsampling=0)
    return stream.getvalue()


def _write(
    job: SegmentRequest,
    entry: Input,
    roles: AxisRoles,
    found: Mapping[PlaneIndex, _FoundPlane],
    sources: set[Path],
    some: Mapping[PlaneIndex, LabelImage],
) -> SegmentedFile:
    """Write the masks of an image: of all its planes, or of ``some`` that are described."""
    if some:
        masks = [replace(some[index], labels=plane.labels) for index, plane in found.items()]
    else:
        masks = [_mask(np.stack([plane.labels for plane in found.values()]), list(found), roles, entry, job)]
    pieces = [piece for mask in masks for piece in mask.pieces()]
    planes = []
    for piece, (index, plane) in zip(pieces, found.items(), strict=True):
        overlay = None
        if plane.overlay is not None:
            place = _overlay_path(job, piece.stem, sources)
            write_bytes(place, plane.overlay)
            overlay = place.relative_to(job.out).as_posix()
        if plane.scores is not None:
            scored = LabelImage(plane.labels, piece.classes, stem=piece.stem, image_name=entry.path.name)
            FORMATS["npz"].write(replace(scored, scores=plane.scores), job.out / "scores")
        planes.append(SegmentedPlane(index, f"{piece.stem}.png", overlay, plane.classes))
    written = [note for mask in masks for note in FORMATS["png"].write(mask, job.out).notes]
    height, width = pieces[0].labels.shape
    done = SegmentedFile(
        source=str(entry.path),
        size=(width, height),
        record=record_path(job.out, entry.stem).relative_to(job.out),
        planes=tuple(planes),
        notes=tuple(dict.fromkeys([*(note for plane in found.values() for note in plane.notes), *written])),
    )
    write_record(
        job.out,
        entry.stem,
        [plane.mask for plane in planes],
        [plane.provenance for plane in found.values()],
        as_data(done),
    )
    return done


def _mask(
    labels: NDArray[np.integer], indices: Sequence[PlaneIndex], roles: AxisRoles, entry: Input, job: SegmentRequest
) -> LabelImage:
    """Labels of all planes (n, H, W), in the order of their indices, with the image's plane axes."""
    letters = "".join(roles.letters[axis] for axis in roles.planes)
    plane_shape = tuple(at + 1 for at in indices[-1])
    return LabelImage(
        labels.reshape(*plane_shape, *labels.shape[1:]),
        job.prompts.table(),
        axes=f"{letters}YX",
        stem=entry.stem,
        image_name=entry.path.name,
    )


def _protect(job: SegmentRequest, stems: Sequence[str], sources: set[Path]) -> None:
    """Raise instead of overwriting an input, a mask that was changed, or one from another program."""
    masks = [job.out / f"{stem}.png" for stem in stems]
    for mask in masks:
        if mask.resolve() in sources:
            raise CliptraseError(f"its mask would overwrite the input {mask}; choose another folder for --out.")
    if job.overwrite:
        return
    refuse_edited(masks)


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

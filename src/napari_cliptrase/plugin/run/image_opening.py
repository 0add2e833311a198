"""The work of opening an image of a project: read image and mask, merge what the model found, split it.

The result holds arrays only; `ImageVisits` makes layers of it.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from napari_cliptrase.array_types import PlaneIndex
from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.plugin.layers.stored_layers import LayerParts, split_annotation
from napari_cliptrase.plugin.layers.warm_up import get_ready
from napari_cliptrase.plugin.run.image_findings import Findings, PreparedImage
from napari_cliptrase.plugin.run.stored_image import StoredImage
from napari_cliptrase.progress import Progress
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_record import ImageRecord, State
from napari_cliptrase.project.pixel_provenance import merge_result
from napari_cliptrase.project.plane_files import Annotation
from napari_cliptrase.project.project import Project


@dataclass(frozen=True)
class OpeningRequest:
    """Which image is opened, and how its layers are made.

    Attributes
    ----------
    name
        Of the image.
    prompts
        The classes.
    active
        The class that gets a layer in any case.
    combined
        Whether all classes share one layer.
    prepared
        The image as it was read ahead of time.
    fill
        Whether results that were computed ahead are written into the mask.
    """

    name: str
    prompts: PromptSet
    active: int | None
    combined: bool = False
    prepared: PreparedImage | None = field(default=None, repr=False)
    fill: bool = False


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """An image with its mask, ready to become layers.

    Attributes
    ----------
    request
        What was asked for.
    image
        The pixels.
    stored
        The mask, with what the model found in it where that was asked for.
    parts
        What each layer holds; the first is the one to paint on.
    findings
        What the model found, whether or not it is in the mask.
    """

    request: OpeningRequest
    image: ImageFile = field(repr=False)
    stored: StoredImage = field(repr=False)
    parts: LayerParts = field(repr=False)
    findings: Findings | None = field(repr=False)


def wants_labels(record: ImageRecord, setup: RunSetup | None) -> bool:
    """Whether the model's labels are written into the mask of an image: so far only a model has written there."""
    if setup is None or not setup.prompts.classes:
        return False
    return record.state is State.NEW or (record.state is State.PRE_ANNOTATED and record.run != setup.run())


def open_steps(
    project: Project, request: OpeningRequest, unsaved: Callable[[str, PlaneIndex], Annotation | None]
) -> Generator[Progress, None, OpenedImage]:
    """Read an image and its mask; ImageBlocked where that cannot be."""
    name, prepared = request.name, request.prepared
    yield Progress(0, 0, f"Reading {name}")
    if prepared is None:
        try:
            image = project.image(name)
        except ImageReadError as error:
            advice = "Put it back or mend it, or go on with another image."
            raise ImageBlocked(name, f"The image cannot be opened: {error} {advice}") from error
    else:
        image = prepared.image
    findings = None if prepared is None else prepared.findings
    annotations: dict[PlaneIndex, Annotation] = {}
    for plane in image.indices():
        found = unsaved(name, plane) or project.read(name, plane)
        if request.fill and findings is not None:
            found = Annotation(*merge_result(found.labels, found.sources, findings.result.labels[plane]))
        annotations[plane] = found
        yield Progress(0, 0, f"Reading the mask of {name}")
    get_ready(request.prompts.table())
    parts = split_annotation(annotations, _in_any_case(request), combined=request.combined)
    return OpenedImage(request, image, StoredImage.of(name, annotations), parts, findings)


def _in_any_case(request: OpeningRequest) -> Sequence[int]:
    """Return the class that gets a layer whatever the mask holds: the active one, else the first."""
    if request.active is not None and request.active in request.prompts.ids:
        return (request.active,)
    return request.prompts.ids[:1]

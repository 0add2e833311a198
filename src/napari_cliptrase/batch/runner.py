"""A batch in this process: results of many images go into a project, under the one rule for hand edits."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from napari_cliptrase.batch.image_work import ImageResult, ImageWorker, LabelledPlane, image_result
from napari_cliptrase.batch.input_file import reason_of
from napari_cliptrase.batch.overlapped import ImageSteps, overlap_steps
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.merge import MergeMode
from napari_cliptrase.progress import Watch
from napari_cliptrase.project.image_record import ImageIdentity
from napari_cliptrase.project.pixel_provenance import Provenance
from napari_cliptrase.project.project import Project


@dataclass(frozen=True)
class ImageOutcome:
    """What happened to an image: its notes, or in one sentence why it was not done."""

    name: str
    notes: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class ResultWriter:
    """Puts results into a project, under the one rule for hand edits."""

    project: Project
    run: dict[str, Any]
    mode: MergeMode = MergeMode.KEEP_EDITS
    kind: Provenance = Provenance.MODEL

    def write(self, name: str, result: ImageResult, identity: ImageIdentity | None = None) -> ImageOutcome:
        """Merge the result of an image into its masks; ``identity`` is that of the image in which it was found."""
        path = self.project.paths.image(name)
        if identity is not None and not self.project.store.images.believe(name, path, identity):
            raise CliptraseError(f"The workers read another image than {path}; give them the same files.")
        self.project.take_result(
            name,
            result.labels,
            kind=self.kind,
            mode=self.mode,
            run=self.run,
            uncertainty=result.uncertainty,
            scores=result.scores,
        )
        return ImageOutcome(name, result.notes)


def run_batch_steps(
    writer: ResultWriter, worker: ImageWorker, names: Sequence[str], watch: Watch | None = None
) -> Generator[ImageOutcome, None, None]:
    """Segment images and yield what happened to each, in order except for failures, which do not stop the others.

    Closing the generator ends the work: what is being written is finished, nothing else is started.
    """
    steps: ImageSteps[str, LabelledPlane, ImageOutcome] = ImageSteps(
        read=lambda name: worker.chosen(writer.project.image(name)),
        encode_plane=lambda rgb: worker.encode(rgb, watch),
        label=worker.label,
        write=lambda name, _, planes: writer.write(name, image_result(planes)),
        two_fit=worker.two_fit,
        label_stack=(lambda image: worker.label_stack(image, watch)) if worker.smoothing else None,
    )
    with writer.project.many_changes(), closing(overlap_steps(names, steps)) as outcomes:
        for outcome in outcomes:
            if outcome.done is not None:
                yield outcome.done
            elif outcome.error is not None:
                yield ImageOutcome(outcome.item, failure=reason_of(outcome.error))

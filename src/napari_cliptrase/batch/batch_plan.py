"""Which images of a project a batch has to do, and which it leaves alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_cliptrase.masks.loss_report import count_text
from napari_cliptrase.project.image_blocked import ImageBlocked
from napari_cliptrase.project.image_record import ImageRecord
from napari_cliptrase.project.project import Project
from napari_cliptrase.project.project_paths import plane_stem


@dataclass(frozen=True)
class BatchPlan:
    """Names of images, sorted by what is done with them.

    Attributes
    ----------
    todo
        To be segmented.
    same
        Segmented before, from the same bytes, with the same model, classes and settings.
    finished
        Done, truly empty or reviewed; a person has decided, so they are left alone.
    blocked
        Images that have changed since their mask was drawn, or whose mask is gone, and what can be done about it.
    """

    todo: tuple[str, ...]
    same: tuple[str, ...]
    finished: tuple[str, ...]
    blocked: Mapping[str, str]

    def __str__(self) -> str:
        parts = [f"{count_text(len(self.todo), 'image')} to segment"]
        for names, one, more, words in (
            (self.same, "was", "were", "segmented with the same settings before"),
            (self.finished, "is", "are", "finished"),
            (self.blocked, "is", "are", "blocked"),
        ):
            if names:
                parts.append(f"{count_text(len(names), one, more)} {words}")
        return ", ".join(parts) + "."


def plan_batch(project: Project, run: Mapping[str, Any], *, again: bool = False, finished: bool = False) -> BatchPlan:
    """Sort the images of a project.

    Parameters
    ----------
    project
        Whose images.
    run
        `RunSetup.run` of what is going to be done.
    again
        Also segment what was segmented with the same settings before.
    finished
        Also segment what a person has finished; hand edits stay even so.
    """
    todo: list[str] = []
    same: list[str] = []
    left: list[str] = []
    blocked: dict[str, str] = {}
    for record in project:
        if record.state.finished and not finished:
            left.append(record.name)
            continue
        block = project.changed(record.name) or _without_mask(project, record)
        if block is not None:
            blocked[record.name] = str(block)
        elif record.run == run and not again:
            same.append(record.name)
        else:
            todo.append(record.name)
    return BatchPlan(tuple(todo), tuple(same), tuple(left), blocked)


def _without_mask(project: Project, record: ImageRecord) -> ImageBlocked | None:
    """Return why an image is blocked whose mask somebody has removed; no mask is read for the others."""
    there = all(project.paths.mask(plane_stem(record.stem, key)).exists() for key in record.planes)
    return None if there else project.blocked(record.name)

"""How a batch segments: what the project remembers, and what the command changes."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cliptrase.engine.settings import Detail, Settings, SettingsError
from napari_cliptrase.errors import CliptraseError, ProjectError
from napari_cliptrase.models.catalog import DEFAULT_CLIP, DEFAULT_SAM
from napari_cliptrase.refine.methods import Method

if TYPE_CHECKING:
    from napari_cliptrase.batch.image_work import RunSetup
    from napari_cliptrase.project.project import Project


@dataclass(frozen=True)
class SetupChanges:
    """What the command says; None leaves what the project remembers.

    Attributes
    ----------
    model, detail, threshold, refine, sam
        What the project remembers from then on.
    plain
        Whether boundaries are not sharpened any more.
    examples, device, precision, planes, smoothing
        What belongs to this run.
    """

    model: str | None = None
    detail: Detail | None = None
    threshold: float | None = None
    refine: Method | None = None
    sam: str | None = None
    plain: bool = False
    examples: Path | None = None
    device: str = "auto"
    precision: str = "auto"
    planes: str | None = None
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.plain and self.refine is not None:
            raise CliptraseError("--refine sharpens the masks and --no-refine does not; give one of them.")


def chosen_setup(project: "Project", changes: SetupChanges) -> "RunSetup":
    """Return how the images of a project are segmented."""
    from napari_cliptrase.batch.image_work import RunSetup
    from napari_cliptrase.batch.remembered_refinement import remembered_refinement

    if not project.prompts.classes:
        raise ProjectError(f"{project.paths.folder} has no classes yet; add some to the project.")
    model = changes.model or project.info.model or DEFAULT_CLIP
    refine = None if changes.plain else changes.refine or remembered_refinement(project)
    return RunSetup(
        project.prompts,
        _settings(project, changes),
        model,
        changes.device,
        changes.precision,
        refine,
        changes.sam or project.info.sam or ("demo" if model == "demo" else DEFAULT_SAM),
        None if changes.examples is None else changes.examples.resolve(),
        changes.planes,
        changes.smoothing,
    )


def remember(project: "Project", setup: "RunSetup") -> None:
    """Let a project remember a setup for the next run."""
    needs_sam = setup.refine is not None and setup.refine.needs_sam
    project.configure(
        model=setup.model,
        settings=json.loads(setup.settings.to_json()),
        refine=setup.refine or "",
        sam=setup.sam if needs_sam else project.info.sam,
    )


def _settings(project: "Project", changes: SetupChanges) -> Settings:
    known = project.info.settings
    try:
        settings = Settings.from_json(json.dumps(dict(known))) if known else Settings()
    except SettingsError as error:
        raise ProjectError(f"The settings of {project.paths.project_file} cannot be used: {error}") from error
    said: dict[str, Any] = {"detail": changes.detail, "threshold": changes.threshold}
    return replace(settings, **{name: value for name, value in said.items() if value is not None})

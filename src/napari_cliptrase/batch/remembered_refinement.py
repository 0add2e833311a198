"""How a project remembers that its masks are sharpened."""

from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.project import Project
from napari_cliptrase.refine.methods import Method


def remembered_refinement(project: Project) -> Method | None:
    """Return the method that runs over a project use; None when they do not sharpen boundaries."""
    name = project.info.refine
    try:
        return Method(name) if name else None
    except ValueError:
        raise ProjectError(
            f"{project.paths.project_file} names the refinement {name!r}, which does not exist; choose one with "
            f"--refine {' or '.join(Method)}, or give --no-refine."
        ) from None

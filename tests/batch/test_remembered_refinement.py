"""A project says how its masks are sharpened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_cliptrase.batch.image_work import RunSetup
from napari_cliptrase.batch.remembered_refinement import remembered_refinement
from napari_cliptrase.errors import ProjectError
from napari_cliptrase.project.project import Project
from napari_cliptrase.refine.methods import Method


def test_the_method_is_that_of_the_project(pictures: Callable[..., Path], setup: RunSetup) -> None:
    with Project.create(pictures("one", 1), setup.prompts) as project:
        assert remembered_refinement(project) is None
        project.configure(refine="sam-vote")
        assert remembered_refinement(project) is Method.SAM_VOTE
        project.configure(refine="magic")
        with pytest.raises(ProjectError, match="'magic', which does not exist; choose one with --refine"):
            remembered_refinement(project)

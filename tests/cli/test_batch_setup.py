"""A batch segments as the project remembers, but for what the command changes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.batch_setup import SetupChanges, chosen_setup, remember
from napari_cliptrase.engine.settings import Detail
from napari_cliptrase.errors import CliptraseError, ProjectError
from napari_cliptrase.models.catalog import DEFAULT_CLIP, DEFAULT_SAM
from napari_cliptrase.project.project import Project
from napari_cliptrase.refine.methods import Method


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    with Project.create(tmp_path, PromptSet.parse("sky")) as made:
        yield made


def test_a_new_project_gets_the_defaults(project: Project) -> None:
    setup = chosen_setup(project, SetupChanges())
    assert (setup.model, setup.refine, setup.sam) == (DEFAULT_CLIP, None, DEFAULT_SAM)
    assert chosen_setup(project, SetupChanges(model="demo")).sam == "demo"


def test_what_was_said_once_holds_until_something_else_is_said(project: Project) -> None:
    said = SetupChanges(model="demo", detail=Detail.COARSE, threshold=0.4, refine=Method.SAM_VOTE, sam="vit_b")
    setup = chosen_setup(project, said)
    remember(project, setup)
    assert chosen_setup(project, SetupChanges()) == setup
    plain = chosen_setup(project, SetupChanges(plain=True))
    assert plain.refine is None
    remember(project, plain)
    assert chosen_setup(project, SetupChanges()).refine is None
    assert chosen_setup(project, SetupChanges(refine=Method.SAM_VOTE)).sam == "vit_b"
    assert chosen_setup(project, SetupChanges(threshold=0.6)).settings.threshold == 0.6


def test_what_does_not_go_together_or_means_nothing_is_a_sentence(project: Project) -> None:
    with pytest.raises(CliptraseError, match="give one of them"):
        SetupChanges(refine=Method.SUPERPIXELS, plain=True)
    project.configure(refine="magic")
    with pytest.raises(ProjectError, match="'magic', which does not exist"):
        chosen_setup(project, SetupChanges())
    assert chosen_setup(project, SetupChanges(plain=True)).refine is None

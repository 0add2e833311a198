"""Classes, model and settings: the same in the session and in the project."""

import json
from dataclasses import replace

import pytest

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.state.run_choices import ModelChoice

A = "image0000.png"


def test_a_new_class_gets_a_layer_and_is_known_to_the_project(annotator):
    annotator.session.prompts = annotator.session.prompts.added("fox")
    annotator.session.active_class = 4
    annotator.paint(4)
    assert annotator.saved(A).labels[5, 5] == 4
    assert [entry.name for entry in annotator.state.project.prompts][-1] == "fox"


def test_a_class_with_pixels_cannot_be_dropped_by_the_way(annotator):
    annotator.paint(2)
    annotator.saved(A)
    annotator.session.prompts = annotator.session.prompts.removed(2)
    annotator.settle()
    assert 2 in annotator.session.prompts.ids
    assert 2 in annotator.state.project.prompts.ids
    assert "'dog' cannot be removed" in annotator.failures[0]


@pytest.mark.parametrize("prompts", ["cat", ""])
def test_the_project_says_which_classes_there_are(annotator, annotators, photos, prompts):
    annotator.work.stop()
    other = annotators(photos)
    other.session.prompts = PromptSet.parse(prompts)
    other.open()
    assert [entry.name for entry in other.session.prompts] == ["cat", "dog", "cow"]


def test_model_and_settings_chosen_here_are_those_of_the_project_after_a_restart(annotator, annotators, photos):
    annotator.session.model_choice = ModelChoice("ViT-B-16/openai", "cpu")
    annotator.session.settings = replace(annotator.session.settings, threshold=0.25)
    annotator.settle()
    info = json.loads((photos / ".cliptrase" / "project.json").read_text())
    assert info["model"] == "ViT-B-16/openai"
    annotator.work.stop()
    other = annotators(photos)
    other.open()
    assert other.session.model_choice.name == "ViT-B-16/openai"
    assert other.session.settings.threshold == 0.25


def test_settings_that_cannot_be_used_are_reported_and_the_folder_opens(annotator, annotators, photos):
    annotator.work.stop()
    file = photos / ".cliptrase" / "project.json"
    info = json.loads(file.read_text())
    file.write_text(json.dumps({**info, "settings": {"no such": 1}}))
    other = annotators(photos)
    other.open()
    assert "project.json cannot be used" in other.failures[0]
    assert other.state.shown == A

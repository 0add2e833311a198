from dataclasses import replace
from pathlib import Path

import pytest
from napari.components import ViewerModel

from napari_cliptrase.plugin.run.navigation import PlaneNavigation
from napari_cliptrase.plugin.run.segmenter_source import SegmenterSource, model_steps
from napari_cliptrase.plugin.state.encoding_cache import EncodingCache
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.progress import run_to_end

TOY = ModelChoice(f"local-dir:{Path(__file__).parents[2] / 'data' / 'golden' / 'toyclip'}", "cpu")


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def session(viewer):
    return Session(viewer)


@pytest.fixture
def source(session):
    source = SegmenterSource(session, PlaneNavigation(session, EncodingCache()))
    source.use_model(TOY, run_to_end(model_steps(TOY)))
    return source


def test_a_loaded_model_is_the_sessions_and_is_not_loaded_again(session, source):
    assert source.loaded == TOY
    segmenter = run_to_end(source.segmenter_steps(TOY))
    assert segmenter.model is session.model


def test_the_segmenter_stays_until_settings_or_model_change(session, source):
    first = run_to_end(source.segmenter_steps(TOY))
    source.use(TOY, first)
    assert run_to_end(source.segmenter_steps(TOY)) is first
    session.settings = replace(session.settings, threshold=0.25)
    second = run_to_end(source.segmenter_steps(TOY))
    assert second is not first
    assert second.model is first.model
    third = run_to_end(source.segmenter_steps(replace(TOY, precision="bf16")))
    assert third.model is not first.model


def test_steps_keep_the_settings_of_the_moment_when_they_were_asked_for(session, source):
    settings = session.settings
    steps = source.segmenter_steps(TOY)
    session.settings = replace(settings, threshold=0.25)
    assert run_to_end(steps).settings == settings


def test_nothing_is_left_of_a_model_that_is_unloaded(session, source):
    source.use(TOY, run_to_end(source.segmenter_steps(TOY)))
    source.unload()
    assert (source.segmenter, source.loaded, session.model) == (None, None, None)

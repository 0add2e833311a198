import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.cliptrase.options import (
    Absent,
    Denoise,
    PositionKernel,
    Recovery,
    SynonymMerge,
    TemplateSet,
    Vote,
)
from napari_cliptrase.engine.settings import Detail, Settings, SettingsError

settings_values = st.builds(
    Settings,
    detail=st.sampled_from(Detail),
    resolution=st.none() | st.integers(16, 2000),
    window=st.none() | st.integers(64, 2000),
    overlap=st.floats(0, 0.9),
    crop=st.booleans(),
    recovery=st.sampled_from(Recovery),
    denoise=st.sampled_from(Denoise),
    kernel=st.sampled_from(PositionKernel),
    eps=st.none() | st.floats(0.01, 10),
    min_samples=st.none() | st.integers(1, 100),
    templates=st.sampled_from(TemplateSet),
    synonym_merge=st.sampled_from(SynonymMerge),
    vote=st.sampled_from(Vote),
    protect=st.floats(0, 1),
    threshold=st.floats(0, 1),
    scale=st.none() | st.floats(0.1, 1000),
    prior=st.booleans(),
    absent=st.sampled_from(Absent),
    absent_threshold=st.none() | st.floats(0, 1),
)


@given(settings_values)
def test_json_reads_back(settings):
    assert Settings.from_json(settings.to_json()) == settings


@given(settings_values, settings_values)
def test_scoring_never_needs_a_new_encoding(settings, other):
    assert settings.with_scoring_of(other).encode_key() == settings.encode_key()
    assert settings.with_scoring_of(other).vote == other.vote


@pytest.mark.parametrize(
    "change",
    [
        {"detail": Detail.FINE},
        {"resolution": 448},
        {"window": 224},
        {"overlap": 0.5},
        {"crop": True},
        {"recovery": Recovery.NACLIP},
        {"denoise": Denoise.NONE},
        {"kernel": PositionKernel.PAPER},
        {"eps": 0.9},
        {"min_samples": 5},
    ],
)
def test_what_shapes_the_encoding_changes_its_key(change):
    assert dataclasses.replace(Settings(), **change).encode_key() != Settings().encode_key()


def test_a_detail_that_is_overruled_does_not_count():
    coarse, fine = (Settings(detail=detail, resolution=448, window=448) for detail in ("coarse", "fine"))
    assert coarse.encode_key() == fine.encode_key()


@pytest.mark.parametrize(("size", "eps", "min_samples"), [(224, 0.7, 3), (336, 1.1, 7)])
def test_the_published_protocol(size, eps, min_samples):
    paper = Settings.paper(size)
    assert (paper.working_resolution, paper.eps, paper.min_samples) == (size, eps, min_samples)
    assert (paper.crop, paper.vote, paper.protect, paper.kernel) == (True, Vote.HARD, 1, PositionKernel.PAPER)
    assert (paper.templates, paper.recovery, paper.denoise) == (
        TemplateSet.FULL,
        Recovery.CLIPTRASE,
        Denoise.CLS_SUBTRACT,
    )


def test_finer_detail_works_at_higher_resolution():
    coarse, normal, fine = (Settings(detail=detail).working_resolution for detail in Detail)
    assert coarse < normal < fine


def test_choices_can_be_given_as_text():
    assert Settings(vote="soft", detail="fine").vote is Vote.SOFT


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Settings.paper(448), "224 and 336 pixels, not at 448"),
        (lambda: Settings(vote="loud"), "no vote 'loud'; there are hard, soft, off"),
        (lambda: Settings(detail="finest"), "there are coarse, normal, fine"),
        (lambda: Settings(threshold=1.1), "threshold is 1.1"),
        (lambda: Settings(protect=-0.1), "protect is -0.1"),
        (lambda: Settings(overlap=1), "overlap is 1"),
        (lambda: Settings(resolution=3), "resolution is 3"),
        (lambda: Settings(window=20000), "window is 20000"),
        (lambda: Settings(eps=0), "eps is 0"),
        (lambda: Settings(min_samples=0), "min_samples is 0"),
        (lambda: Settings(scale=-1), "scale is -1"),
        (lambda: Settings.from_json("{"), "not JSON"),
        (lambda: Settings.from_json('{"vtoe": "hard"}'), "no setting 'vtoe'"),
        (lambda: Settings.from_json('{"threshold": "x"}'), "wrong kind"),
    ],
)
def test_settings_that_cannot_work_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()


def test_what_is_missing_keeps_its_default():
    assert Settings.from_json(json.dumps({"vote": "off"})) == Settings(vote=Vote.OFF)

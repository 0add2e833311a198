import dataclasses
import json

import numpy as np
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
    ambiguity=st.none() | st.floats(0, 1),
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
    coarse, normal, fine, full = (Settings(detail=detail).working_resolution for detail in Detail)
    assert coarse < normal < fine
    assert full is None  # the image's own pixels
    assert Settings(detail="full", resolution=300).working_resolution == 300


def test_a_cropped_image_has_a_working_side_at_full_detail_too():
    assert Settings(detail="full", crop=True).working_resolution == 672


def test_choices_can_be_given_as_text():
    assert Settings(vote="soft", detail="fine").vote is Vote.SOFT


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Settings.paper(448), "224 and 336 pixels, not at 448"),
        (lambda: Settings(vote="loud"), "no vote 'loud'; there are hard, soft, off"),
        (lambda: Settings(detail="finest"), "there are coarse, normal, fine, full"),
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
        (lambda: Settings.from_json('{"threshold": "x"}'), "threshold is 'x'; it must be a number from 0 to 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()


def test_what_is_missing_keeps_its_default():
    assert Settings.from_json(json.dumps({"vote": "off"})) == Settings(vote=Vote.OFF)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1e300, -1e300, 10**400, "hard", "fine", "no", "336", ""])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [field.name for field in dataclasses.fields(Settings)]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, max_size=4))
def test_any_json_becomes_settings_of_the_declared_types_or_a_sentence_with_the_field(data):
    try:
        settings = Settings.from_json(json.dumps(data))
    except SettingsError as error:
        refused = str(error)
    else:
        refused = None
    if refused is not None:
        assert any(name in refused for name in data)
        return
    assert Settings.from_json(settings.to_json()) == settings
    for name, value in dataclasses.asdict(settings).items():
        assert name not in ("crop", "prior") or value is True or value is False
        assert name not in ("resolution", "window", "min_samples") or value is None or type(value) is int


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"crop": "no"}', "The setting crop is 'no'; it must be true or false."),
        ('{"eps": 1e300}', "The setting eps is 1e.300; it must be a number from"),
        ('{"eps": 1e999}', "The setting eps is inf"),
        ('{"eps": true}', "The setting eps is true"),
        ('{"resolution": 336.5}', "The setting resolution is 336.5; it must be a whole number from 16 to 8192."),
        ('{"resolution": "336"}', "The setting resolution is '336'"),
        ('{"detail": {"a": 1}}', "The setting detail is a dict; it must be one of coarse, normal, fine, full."),
        ('{"threshold": null}', "The setting threshold is null"),
        ('{"threshold": NaN}', "not JSON"),
        ('{"eps": ' + "[" * 100_000, "nested too deeply"),
        ("[1, 2]", "they must be a JSON object"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_by_the_name_of_its_setting(text, says):
    with pytest.raises(SettingsError, match=says):
        Settings.from_json(text)


def test_numbers_of_numpy_are_as_good_as_python_s():
    settings = Settings(eps=np.float32(0.5), resolution=np.int64(448), crop=np.bool_(True))
    assert Settings.from_json(settings.to_json()) == settings

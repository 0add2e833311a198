import pytest

from napari_cliptrase.cliptrase.options import Absent, Recovery, Vote
from napari_cliptrase.engine.method_choice import MethodChoice
from napari_cliptrase.engine.settings import Detail, Settings
from napari_cliptrase.plugin.widgets.segment.advanced_settings import METHOD_CHOICES, AdvancedSettings, ScoreSettings


@pytest.fixture
def scores(images, qtbot):
    form = ScoreSettings(images.session)
    qtbot.addWidget(form)
    return form


@pytest.fixture
def advanced(images, qtbot):
    form = AdvancedSettings(images.session)
    qtbot.addWidget(form)
    return form


def pick(combo, value, values):
    row = list(values).index(value)
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def test_the_method_is_one_choice_and_keeps_what_is_not_part_of_it(images, scores):
    assert scores.method.value is MethodChoice.RECOMMENDED
    scores.field("threshold").value = 0.4
    pick(scores.method, MethodChoice.PUBLISHED, MethodChoice)
    assert (images.session.settings.protect, images.session.settings.threshold) == (1.0, 0.4)
    assert scores.about_method.text() == METHOD_CHOICES[MethodChoice.PUBLISHED][1]
    pick(scores.method, MethodChoice.RECOMMENDED, MethodChoice)
    assert images.session.settings == Settings(threshold=0.4)


def test_single_choices_that_fit_no_method_leave_it_open(images, scores, advanced):
    advanced.field("protect").value = 0.5
    assert scores.method.currentIndex() == -1
    assert scores.about_method.text() == "Single choices under Advanced differ from both methods."
    advanced.field("protect").value = Settings().protect
    assert scores.method.value is MethodChoice.RECOMMENDED


def test_defaults_are_restored_everywhere(images, scores, advanced):
    images.session.settings = Settings(
        threshold=0.4, vote=Vote.OFF, recovery=Recovery.NACLIP, protect=0.5, detail=Detail.FINE
    )
    advanced.reset.click()
    assert images.session.settings == Settings()
    assert (scores.field("threshold").value, scores.field("vote").value) == (0, Settings().vote)
    assert advanced.field("recovery").value is Settings().recovery


def test_what_has_no_effect_is_gray(images, advanced):
    names = ("protect", "absent_threshold", "ambiguity")
    assert [advanced.field(name).enabled for name in names] == [True, False, False]
    images.session.settings = Settings(vote=Vote.OFF, absent=Absent.PEAK)
    assert [advanced.field(name).enabled for name in names] == [False, True, False]
    images.session.settings = Settings(absent=Absent.PURIFY)
    assert [advanced.field(name).enabled for name in names] == [True, True, True]


@pytest.mark.parametrize("name", ["recovery", "denoise", "templates", "synonym_merge", "absent"])
def test_every_value_of_a_choice_is_offered_and_explained(advanced, name):
    field = advanced.field(name)
    assert set(field.choices) == set(type(field.value))
    combo = field.native
    sentences = [combo.itemData(row, 3) for row in range(combo.count())]  # 3: the tooltip
    assert all(sentences)
    assert len(set(sentences)) == len(sentences)

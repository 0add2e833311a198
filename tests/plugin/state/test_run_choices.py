import pytest

from napari_cliptrase.plugin.state.encoding_cache import EncodingKey
from napari_cliptrase.plugin.state.preferences import Preferences
from napari_cliptrase.plugin.state.run_choices import ModelChoice, Output


def test_the_same_choice_made_twice_needs_no_new_encoding():
    keys = {
        EncodingKey("pixels", ModelChoice("demo", "cpu"), "fine"),
        EncodingKey("pixels", ModelChoice("demo", "cpu"), "fine"),
    }
    assert len(keys) == 1


@pytest.mark.parametrize("other", [ModelChoice("vit"), ModelChoice(device="cuda"), ModelChoice(precision="fp16")])
def test_another_model_device_or_number_type_is_another_choice(other):
    assert other != ModelChoice()


def test_who_chooses_nothing_gets_what_the_preferences_start_with():
    defaults = Preferences()
    assert ModelChoice() == ModelChoice(defaults.model, defaults.device, defaults.precision)


def test_outputs_are_known_by_their_words():
    assert [Output(word) for word in ("classes", "combined", "both")] == list(Output)

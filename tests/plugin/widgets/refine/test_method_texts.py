from dataclasses import fields

import pytest

from napari_cliptrase.plugin.widgets.refine.method_texts import (
    METHOD_TEXTS,
    STRENGTH_TIPS,
    STRENGTHS,
    cost_text,
    seconds_text,
)
from napari_cliptrase.refine.cost import Cost
from napari_cliptrase.refine.methods import Method
from napari_cliptrase.refine.pamr import PamrOptions
from napari_cliptrase.refine.propagation import PropagationOptions
from napari_cliptrase.refine.sam_prompts import PromptOptions
from napari_cliptrase.refine.sam_vote import VoteOptions
from napari_cliptrase.refine.superpixels import SuperpixelOptions

OPTIONS = {
    Method.SUPERPIXELS: SuperpixelOptions,
    Method.PAMR: PamrOptions,
    Method.PROPAGATION: PropagationOptions,
    Method.SAM_VOTE: VoteOptions,
    Method.SAM_PROMPTS: PromptOptions,
}


@pytest.mark.parametrize("method", Method)
def test_the_setting_of_a_method_starts_with_its_default_and_every_value_is_taken(method):
    setting = METHOD_TEXTS[method].setting
    values = [value for _, value in setting.values]
    default = {field.name: field.default for field in fields(OPTIONS[method])}[setting.option]
    assert values[0] == default
    for value in values:
        assert getattr(OPTIONS[method](**{setting.option: value}), setting.option) == value


def test_every_method_and_strength_is_explained_in_a_sentence():
    tips = [words.tip for words in METHOD_TEXTS.values()] + [STRENGTH_TIPS[strength] for strength in STRENGTHS]
    assert all(tip.endswith(".") for tip in tips)
    assert len(set(tips)) == len(Method) + 3


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "less than a second"), (12.3, "about 12 s"), (99, "about 99 s"), (180, "about 3 min")]
)
def test_a_wait_is_reported_in_words(seconds, text):
    assert seconds_text(seconds) == text


def test_time_and_memory_are_reported_where_they_are_known():
    assert cost_text(Cost(12.3, 2_200_000_000)) == (
        "Encoding an image takes about 12 s here, once for each image. It needs about 2.2 GB of memory."
    )
    assert cost_text(Cost(0.3, None)) == "Encoding an image takes less than a second here, once for each image."
    unknown = cost_text(Cost(None, 2_200_000_000))
    assert "measured in the first run" in unknown
    assert "about 2.2 GB" in unknown

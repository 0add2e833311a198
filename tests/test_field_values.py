import numpy as np
import pytest

from napari_cliptrase.errors import PromptError
from napari_cliptrase.field_values import (
    FieldError,
    checked_flag,
    checked_number,
    checked_text,
    checked_texts,
    checked_whole_number,
    naming,
)


@pytest.mark.parametrize(
    ("check", "given", "got"),
    [
        (checked_flag, np.bool_(True), True),
        (checked_text, "a", "a"),
        (checked_texts, ["a", "b"], ("a", "b")),
        (lambda field, value: checked_whole_number(field, value, 0, 9), np.int64(9), 9),
        (lambda field, value: checked_number(field, value, 0, 1), np.float32(0.5), 0.5),
        (lambda field, value: checked_number(field, value, 0, 1), 1, 1),
    ],
)
def test_a_value_that_fits_becomes_python_s_own(check, given, got):
    value = check("field", given)
    assert value == got
    assert type(value) is type(got)


@pytest.mark.parametrize("value", [True, "5", None, 5.0, float("nan"), 10, -1, {}, 10**400])
def test_a_whole_number_is_no_other_thing(value):
    with pytest.raises(FieldError, match=r"^side is .*; it must be a whole number from 0 to 9\.$"):
        checked_whole_number("side", value, 0, 9)


@pytest.mark.parametrize("value", [True, "0.5", None, float("nan"), float("inf"), 1.01, -0.1, [], 1j])
def test_a_number_is_no_other_thing(value):
    with pytest.raises(FieldError, match=r"^share is .*; it must be a number from 0 to 1\.$"):
        checked_number("share", value, 0, 1)


@pytest.mark.parametrize("value", ["no", 0, 1, None, []])
def test_only_true_and_false_are_flags(value):
    with pytest.raises(FieldError, match="it must be true or false"):
        checked_flag("crop", value)


@pytest.mark.parametrize("value", ["wall", b"wall", 5, None, ["wall", 5]])
def test_one_text_is_not_a_list_of_letters(value):
    with pytest.raises(FieldError, match="it must be a list of texts"):
        checked_texts("background", value)


def test_an_endless_value_is_shown_short():
    with pytest.raises(FieldError) as caught:
        checked_number("share", "9" * 10_000, 0, 1)
    assert len(str(caught.value)) < 130


def test_the_owner_of_the_field_comes_first_and_the_error_is_its_own():
    with pytest.raises(PromptError, match=r"^Class 'cat': id is 'x'"), naming("Class 'cat': ", PromptError):
        checked_whole_number("id", "x", 1, 9)


def test_a_number_too_long_to_print_is_refused_in_words():
    with pytest.raises(FieldError, match="side is a number of very many digits"):
        checked_whole_number("side", 10**9000, 0, 9)

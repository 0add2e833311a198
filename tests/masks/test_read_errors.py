import pytest

from napari_cliptrase.masks.read_errors import read_error_text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("images"), "it has no 'images'"),
        (AttributeError("'list' object has no attribute 'get'"), "its data do not have the structure of the format"),
        (RecursionError("maximum recursion depth exceeded"), "it is nested too deeply"),
        (MemoryError(), "it is damaged, or larger than the memory"),
        (MemoryError("its pixels take 9 GB, and 2 GB are free"), "its pixels take 9 GB, and 2 GB are free"),
        (ValueError("two\n  lines."), "two lines"),
        (ValueError(), "it is damaged (ValueError)"),
    ],
)
def test_each_kind_of_error_is_reported_in_words(error, text):
    assert read_error_text(error).startswith(text)


def test_a_reason_of_many_lines_is_cut():
    text = read_error_text(ValueError("x" * 10_000))
    assert text.endswith("…")
    assert len(text) < 400

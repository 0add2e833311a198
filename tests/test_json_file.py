import pytest

from napari_cliptrase.json_file import json_in, parse_json, read_json


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 50_000, "nested too deeply"),
        ("[NaN]", "NaN, which is not a number"),
        ("[-Infinity]", "-Infinity, which is not a number"),
        ("[1, 2", "delimiter"),
        ("[" + "9" * 5000 + "]", "digits"),
    ],
)
def test_damaged_json_is_a_value_error_in_words(text, says):
    with pytest.raises(ValueError, match=says):
        parse_json(text)


def test_a_byte_order_mark_is_no_part_of_the_data(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + b'{"a": 1}')
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_looking_for_json_in_other_files_finds_none(tmp_path):
    for name, content in (("a.json", b"["), ("b.json", b"\xff"), ("c.json", b"[" * 100_000), ("d.txt", b"[]")):
        (tmp_path / name).write_bytes(content)
        assert json_in(tmp_path / name) is None
    assert json_in(tmp_path) is None


def test_a_file_whose_objects_do_not_fit_into_memory_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text("[" + "0," * 100_000 + "0]")
    monkeypatch.setattr("napari_cliptrase.free_memory.free_memory", lambda: 1_000_000)
    with pytest.raises(MemoryError, match="need"):
        read_json(tmp_path / "a.json")

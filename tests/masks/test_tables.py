import pytest

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.classes import ClassTable
from napari_cliptrase.masks.report import Tally
from napari_cliptrase.masks.tables import beside, labelmap, mask_files, parse_id_map, parse_labelmap, with_names


def test_a_labelmap_says_the_same_when_read_back(golden):
    palette = [(i, i, i) for i in range(256)]
    table = parse_labelmap(labelmap(golden.classes, palette, Tally()), "labelmap.txt")
    assert [(e.id, e.name, e.color) for e in table] == [(1, "cat", (1, 1, 1)), (2, "dog", (2, 2, 2))]


def test_a_bad_line_of_a_labelmap_is_shown():
    with pytest.raises(MaskFormatError, match="'cat'"):
        parse_labelmap("background:0,0,0::\ncat\n", "labelmap.txt")


def test_the_nearest_table_wins(tmp_path):
    folder = tmp_path / "sub"
    folder.mkdir()
    (tmp_path / "classes.json").write_text(ClassTable.from_names("far").to_json())
    assert beside(folder / "a.png").by_name("far")
    (folder / "classes.json").write_text(ClassTable.from_names("near").to_json())
    assert beside(folder / "a.png").by_name("near")
    (folder / "a.classes.json").write_text(ClassTable.from_names("own").to_json())
    assert beside(folder / "a.png").by_name("own")
    assert beside(folder / "b.png").by_name("near")


def test_files_of_a_class_table_are_those_beside_it(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.png", "sub/a.png", ".hidden.png", "note.txt", "classes.json"):
        (tmp_path / name).write_text("")
    expected = [(tmp_path / "b.png", "b"), (tmp_path / "sub/a.png", "sub/a")]
    assert list(mask_files(tmp_path, (".png",))) == expected
    assert list(mask_files(tmp_path / "classes.json", (".png",))) == expected
    (tmp_path / "b.classes.json").write_text("")
    assert list(mask_files(tmp_path / "b.classes.json", (".png",))) == expected[:1]
    with pytest.raises(MaskFormatError, match=r"no \.tif"):
        list(mask_files(tmp_path, (".tif",)))
    (tmp_path / "c.classes.json").write_text("")
    with pytest.raises(MaskFormatError, match="beside its mask"):
        list(mask_files(tmp_path / "c.classes.json", (".png",)))


def test_names_without_an_id_get_the_next_free_ones():
    table = ClassTable(ClassTable.from_names("cat").classes, void=3)
    assert [(e.id, e.name) for e in with_names(table, ["dog", "cat", "tree", "dog"])] == [
        (1, "cat"),
        (2, "dog"),
        (4, "tree"),
    ]


def test_id_maps_take_names_and_numbers(golden, tmp_path):
    path = tmp_path / "ids.json"
    path.write_text('{"cat": 7, "2": 26}')
    assert parse_id_map(path, [golden]) == {1: 7, 2: 26}
    path.write_text('{"car": 7}')
    with pytest.raises(MaskFormatError, match="'car'"):
        parse_id_map(path, [golden])
    path.write_text("[1]")
    with pytest.raises(MaskFormatError, match="no id map"):
        parse_id_map(path, [golden])


def test_a_class_table_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(MaskFormatError, match="cannot be read"):
        tables.load(tmp_path / "classes.json")

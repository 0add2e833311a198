from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase.atomic import WORK_FOLDER
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks import tables
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.registry import FORMATS, guess_format
from napari_cliptrase.masks.tables import beside, labelmap, mask_files, parse_id_map, parse_labelmap, with_names

PNG = FORMATS["png"]


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
    with pytest.raises(MaskFormatError, match="not an id map"):
        parse_id_map(path, [golden])


def test_a_class_table_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(MaskFormatError, match="cannot be read"):
        tables.read_class_file(tmp_path / "classes.json")


def test_void_and_background_stay_in_the_table_of_a_folder(golden, tmp_path):
    table = replace(golden.classes, background=("wall",))
    PNG.write(replace(golden, classes=table), tmp_path)
    PNG.write(LabelImage(np.array([[1]], np.uint8), ClassTable(table.classes[:1]), stem="b"), tmp_path)
    assert tables.read_class_file(tmp_path / "classes.json") == table
    one, _ = PNG.read(tmp_path)
    assert one.void_pixels == 1


@pytest.mark.parametrize("turn", [1, -1])
def test_a_number_that_is_void_here_and_a_class_there_is_refused(golden, tmp_path, turn):
    sky = ClassTable((*golden.classes.classes, MaskClass(255, "sky", (0, 0, 255))))
    first, second = [golden, replace(golden, classes=sky, stem="b")][::turn]
    PNG.write(first, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(MaskFormatError, match=r"255 is the number of void pixels.*'sky'"):
        PNG.write(second, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_another_void_in_a_folder_is_refused(golden, tmp_path):
    PNG.write(golden, tmp_path)
    with pytest.raises(MaskFormatError, match="Void is 9 here but 255 in"):
        PNG.write(LabelImage(golden.labels * 0, replace(golden.classes, void=9), stem="b"), tmp_path)


def test_a_name_that_would_be_a_comment_is_changed():
    tally = Tally()
    text = labelmap(ClassTable.from_names("#cat", "dog"), [(i, i, i) for i in range(256)], tally)
    assert [(e.id, e.name) for e in parse_labelmap(text, "labelmap.txt")] == [(1, "_cat"), (2, "dog")]
    assert "'#cat'" in tally.notes[0]


def test_what_is_hidden_is_no_mask(golden, tmp_path):
    """A killed export may have left files that are not yet in their places."""
    FORMATS["png"].write(golden, tmp_path)
    hidden = tmp_path / WORK_FOLDER / "1"
    hidden.mkdir(parents=True)
    for name in ("b.png", "b.json", "b.geojson"):
        (hidden / name).write_bytes(b"half")
    assert [mask.stem for mask in FORMATS["png"].read(tmp_path)] == ["a"]
    assert guess_format(tmp_path).key == "png"


def test_a_label_map_of_other_bytes_is_a_sentence(tmp_path):
    (tmp_path / "labelmap.txt").write_bytes(b"background:0,0,0::\ncaf\xe9:1,2,3::\n")
    with pytest.raises(MaskFormatError, match=r"labelmap\.txt cannot be read as a label map"):
        beside(tmp_path / "a.png")

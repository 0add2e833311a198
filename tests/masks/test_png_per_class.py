import numpy as np
from PIL import Image

from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.png_per_class import FORMAT


def test_each_class_has_a_black_and_white_image_for_pillow(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    for class_id, folder in ((1, "1_cat"), (2, "2_dog"), (255, "255_void")):
        with Image.open(tmp_path / folder / "a.png") as image:
            np.testing.assert_array_equal(np.asarray(image), np.where(golden.labels == class_id, 255, 0))


def test_a_class_without_pixels_has_an_image_too_so_that_no_old_one_stays(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    FORMAT.write(LabelImage(np.zeros((5, 6), np.uint8), golden.classes, stem="a"), tmp_path)
    assert not FORMAT.read(tmp_path)[0].class_pixels


def test_names_that_no_file_system_takes_are_escaped(tmp_path):
    names = ("a/b:c", "a\\b", "🐶" * 90, "..", "犬 🐶", 'q"?*')
    table = ClassTable(tuple(MaskClass(i, name, (i, i, i)) for i, name in enumerate(names, start=1)))
    mask = LabelImage(np.arange(1, 7, dtype=np.uint8).reshape(2, 3), table, stem="m")
    report = FORMAT.write(mask, tmp_path / "out")
    assert {path.parent.parent for path in report.files if path.suffix == ".png"} == {tmp_path / "out"}
    assert (tmp_path / "out/1_a%2Fb%3Ac/m.png").is_file()
    (back,) = FORMAT.read(tmp_path / "out")
    assert back.labels.tolist() == mask.labels.tolist()
    assert tuple(entry.name for entry in back.classes) == names


def test_overlaps_drawn_in_another_tool_are_counted(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    Image.fromarray(np.full((5, 6), 255, np.uint8)).save(tmp_path / "2_dog/a.png")
    (back,) = FORMAT.read(tmp_path)
    assert back.overlapped == 8 + 1

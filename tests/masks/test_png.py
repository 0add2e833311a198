from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from PIL import Image

from napari_cliptrase.classes.colors import voc_color
from napari_cliptrase.classes.table import ClassTable, MaskClass
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions, Palette
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.png import FORMAT, GREY


def test_pillow_reads_the_golden_mask_with_all_palette_entries(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "P"
        palette = image.getpalette()
        assert len(palette) == 768
        assert palette[3:9] == [128, 0, 0, 0, 128, 0]
        assert palette[765:] == [224, 224, 192]
        np.testing.assert_array_equal(np.asarray(image), golden.labels)


def test_pillow_reads_any_mask(planes, new_folder):
    @given(planes())
    def check(mask):
        folder = new_folder()
        FORMAT.write(mask, folder)
        GREY.write(mask.renamed("grey"), folder)
        with Image.open(folder / "m.png") as image, Image.open(folder / "grey.png") as grey:
            np.testing.assert_array_equal(np.asarray(image), mask.labels)
            np.testing.assert_array_equal(np.asarray(grey), mask.labels)

    check()


def test_the_palette_is_that_of_the_classes_or_of_voc(golden, tmp_path):
    mask = replace(golden, classes=ClassTable((MaskClass(1, "cat", (1, 2, 3)),)))
    for palette, color in ((Palette.CLASSES, (1, 2, 3)), (Palette.VOC, voc_color(1))):
        FORMAT.write(mask, tmp_path / "a.png", ExportOptions(palette=palette))
        with Image.open(tmp_path / "a.png") as image:
            assert tuple(image.getpalette()[3:6]) == color
        assert f"cat:{','.join(map(str, color))}::" in (tmp_path / "a.labelmap.txt").read_text()


def test_wide_ids_become_sixteen_bit_grey_and_the_report_says_so(golden, tmp_path):
    mask = LabelImage(np.array([[0, 300]], np.uint16), stem="a")
    report = FORMAT.write(mask, tmp_path)
    assert "16-bit" in report.notes[0]
    with Image.open(tmp_path / "a.png") as image:
        assert np.asarray(image).tolist() == [[0, 300]]


def test_the_labelmap_has_a_line_for_every_value(tmp_path):
    table = ClassTable((MaskClass(3, "a:b", (1, 2, 3)), MaskClass(1, "c", (4, 5, 6))))
    report = FORMAT.write(LabelImage(np.array([[1, 3]], np.uint8), table, stem="a"), tmp_path)
    lines = (tmp_path / "labelmap.txt").read_text().splitlines()
    assert lines[0] == "# label:color_rgb:parts:actions"
    assert [line.split(":")[0] for line in lines[1:]] == ["background", "c", "_dummy2", "a_b"]
    assert all(line.count(":") == 3 for line in lines[1:])
    assert any("'a:b' is called 'a_b'" in note for note in report.notes)


def test_classes_of_other_masks_stay_in_the_shared_table(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    other = LabelImage(np.array([[7]], np.uint8), ClassTable((MaskClass(7, "tree", (1, 2, 3)),), void=255), stem="b")
    FORMAT.write(other, tmp_path)
    assert [[e.name for e in mask.classes] for mask in FORMAT.read(tmp_path)] == [["tree", "cat", "dog"]] * 2


def test_a_renamed_class_keeps_its_id_and_is_noted(golden, tmp_path):
    FORMAT.write(golden, tmp_path)
    renamed = replace(golden, classes=ClassTable((MaskClass(1, "feline", (9, 9, 9)),), void=255))
    report = FORMAT.write(renamed, tmp_path)
    assert any("'cat' and is now 'feline'" in note for note in report.notes)
    assert [e.name for e in FORMAT.read(tmp_path)[0].classes] == ["feline", "class 2"]


def test_names_come_back_from_the_png_alone(golden, tmp_path):
    FORMAT.write(golden, tmp_path / "a.png")
    (tmp_path / "a.classes.json").unlink()
    (tmp_path / "a.labelmap.txt").unlink()
    assert FORMAT.read(tmp_path / "a.png")[0].classes == golden.classes


def test_masks_in_colours_are_read_by_the_labelmap_of_another_tool(tmp_path):
    (tmp_path / "labelmap.txt").write_text("# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\n")
    Image.fromarray(np.array([[[0, 0, 0], [128, 0, 0]]], np.uint8)).save(tmp_path / "a.png")
    (mask,) = FORMAT.read(tmp_path / "a.png")
    assert mask.labels.tolist() == [[0, 1]]
    assert mask.classes.ids == (1,)
    Image.fromarray(np.array([[[0, 0, 0], [1, 2, 3]]], np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(MaskFormatError, match=r"row 0, column 1 has colour \(1, 2, 3\)"):
        FORMAT.read(tmp_path / "a.png")


def test_a_photo_is_no_mask(tmp_path):
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(MaskFormatError, match="colours instead of class ids"):
        FORMAT.read(tmp_path / "a.png")


def test_the_size_of_a_pixel_is_in_the_file(golden, tmp_path):
    FORMAT.write(replace(golden, scale=(2.0, 0.5), units=("millimeter",) * 2), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        x, y = image.info["dpi"]
    assert (x, y) == pytest.approx((25.4 / 0.5, 25.4 / 2), rel=1e-3)

import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

PNG, YOLO = FORMATS["png"], FORMATS["yolo"]


def test_a_named_file_takes_one_mask(golden, tmp_path):
    report = PNG.write(golden, tmp_path / "b.png")
    assert sorted(path.name for path in report.files) == ["b.classes.json", "b.labelmap.txt", "b.png"]
    with pytest.raises(MaskFormatError, match="name a folder"):
        PNG.write([golden, golden], tmp_path / "c.png")
    assert not (tmp_path / "c.png").exists()


def test_files_that_differ_after_a_dot_have_class_tables_of_their_own(golden, tmp_path):
    other = LabelImage(golden.labels, ClassTable.from_names("car", "bus"))
    PNG.write(golden, tmp_path / "my.one.png")
    PNG.write(other, tmp_path / "my.two.png")
    assert PNG.read(tmp_path / "my.one.png")[0].classes == golden.classes
    (mask,) = PNG.read(tmp_path / "my.two.classes.json")
    assert (mask.stem, mask.classes.get(1).name) == ("my.two", "car")


def test_a_file_where_a_folder_is_needed_is_refused(golden, tmp_path):
    (tmp_path / "x").write_text("hello")
    with pytest.raises(MaskFormatError, match="needs a folder"):
        YOLO.write(golden, tmp_path / "x")


@pytest.mark.parametrize(
    ("key", "name"), [("png", "x.tif"), ("coco", "x.png"), ("yolo", "x.json"), ("tiff", "x.nii.gz")]
)
def test_a_name_of_another_format_is_refused(key, name, golden, tmp_path):
    with pytest.raises(MaskFormatError, match="named like a file of another format"):
        FORMATS[key].write(golden, tmp_path / name)
    assert not list(tmp_path.iterdir())
    (tmp_path / name).mkdir()
    FORMATS[key].write(golden, tmp_path / name)

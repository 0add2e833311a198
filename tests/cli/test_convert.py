import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli import main
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

MASK = LabelImage(np.array([[1, 1, 0], [2, 0, 1]], np.uint8), ClassTable.from_names("cat", "dog"), stem="a")


@pytest.fixture
def convert(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr("sys.argv", ["napari-cliptrase", "convert", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, capsys.readouterr().err

    return call


def test_there_and_back_through_other_tools_formats(convert, tmp_path):
    FORMATS["png"].write(MASK, tmp_path / "png")
    steps = [("coco", "c.json"), ("cvat", "c.xml"), ("labelme", "lm"), ("tiff", "t"), ("png", "png2")]
    source = tmp_path / "png"
    for key, name in steps:
        code, error = convert(source, tmp_path / name, "--to", key, "--strict")
        assert (code, error) == (0, f"Converting {source} to {FORMATS[key].title}\n")
        source = tmp_path / name
    (back,) = FORMATS["png"].read(source)
    np.testing.assert_array_equal(back.labels, MASK.labels)
    assert [(e.id, e.name, e.color) for e in back.classes] == [(e.id, e.name, e.color) for e in MASK.classes]


def test_the_format_to_read_can_be_named(convert, tmp_path):
    FORMATS["png16"].write(MASK, tmp_path / "a.png")
    assert convert(tmp_path / "a.png", tmp_path / "b.npz", "--from", "png16", "--to", "npz")[0] == 0
    np.testing.assert_array_equal(FORMATS["npz"].read(tmp_path / "b.npz")[0].labels, MASK.labels)


@pytest.mark.parametrize("key", ["coco", "coco-instances", "coco-panoptic", "coco-polygons", "cvat", "label-studio"])
def test_a_folder_that_an_export_to_one_file_was_given_can_be_read(convert, tmp_path, key):
    FORMATS["png"].write(MASK, tmp_path / "png")
    (tmp_path / "out").mkdir()
    assert convert(tmp_path / "png", tmp_path / "out", "--to", key)[0] == 0
    code, error = convert(tmp_path / "out", tmp_path / "back", "--to", "npz")
    assert (code, error) == (0, f"Converting {tmp_path / 'out'} to {FORMATS['npz'].title}\n")
    (back,) = FORMATS["npz"].read(tmp_path / "back")
    np.testing.assert_array_equal(back.labels, MASK.labels)
    assert convert(tmp_path / "out", tmp_path / "again", "--from", key, "--to", "png")[0] == 0


def test_an_export_beside_masks_leaves_them_the_masks_of_the_folder(convert, tmp_path):
    FORMATS["png"].write(MASK, tmp_path / "png")
    for key in ("coco", "cvat"):
        assert convert(tmp_path / "png", tmp_path / "png", "--to", key)[0] == 0
    assert convert(tmp_path / "png", tmp_path / "back", "--to", "npz")[0] == 0
    assert [path.name for path in (tmp_path / "back").glob("*.npz")] == ["a.npz"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("{a}", "{b}", "--to", "nonsense"), "There is no format 'nonsense'"),
        (("{a}", "{b}", "--to", "coco", "--from", "yolo"), "can be written but not read back"),
        (("{a}.txt", "{b}", "--to", "coco"), "does not exist"),
    ],
)
def test_a_mistake_is_one_sentence(convert, tmp_path, words, says):
    FORMATS["png"].write(MASK, tmp_path / "a.png")
    code, error = convert(*(word.format(a=tmp_path / "a.png", b=tmp_path / "b") for word in words))
    assert code == 1
    assert says in error
    assert error.count("\n") == 1 + error.startswith("Converting ")

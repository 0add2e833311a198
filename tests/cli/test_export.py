import json
import re
from dataclasses import replace

import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.cli import main
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command as a shell would; returns exit code, output and errors."""

    def call(*words):
        monkeypatch.setattr("sys.argv", ["napari-cliptrase", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return end.value.code, captured.out, captured.err

    return call


@pytest.fixture
def mask():
    table = ClassTable(ClassTable.from_names("cat", "dog").classes, void=255)
    return LabelImage(np.array([[1, 1, 0], [2, 0, 255]], np.uint8), table, stem="a")


def test_masks_go_out_with_a_report(run, mask, tmp_path):
    FORMATS["png"].write([mask, mask.renamed("b")], tmp_path / "masks")
    code, out, _ = run("export", tmp_path / "masks", "--to", "coco", "--out", tmp_path / "c.json")
    assert code == 0
    assert "2 images, 2 classes, 6 labelled pixels in 1 file" in out
    assert "Lost: 2 void pixels" in out
    assert len(json.loads((tmp_path / "c.json").read_text())["images"]) == 2


def test_the_command_line_writes_the_bytes_of_the_library(run, mask, tmp_path):
    FORMATS["tiff"].write(mask, tmp_path / "a.tif")
    (back,) = FORMATS["tiff"].read(tmp_path / "a.tif")
    for key in ("png", "labelme", "ome-tiff"):
        form = FORMATS[key]
        run("export", tmp_path / "a.tif", "--to", key, "--out", tmp_path / "cli" / key)
        report = form.write(back, tmp_path / "library" / key)
        for path in report.files:
            assert (tmp_path / "cli" / path.relative_to(tmp_path / "library")).read_bytes() == path.read_bytes()


def test_strict_fails_and_writes_nothing(run, mask, tmp_path):
    FORMATS["png"].write(mask, tmp_path / "a.png")
    code, out, error = run("export", tmp_path / "a.png", "--to", "yolo", "--out", tmp_path / "y", "--strict")
    assert code == 1
    assert out == ""
    assert "napari-cliptrase: YOLO segmentation would lose data, so nothing was written: 1 void pixel" in error
    assert not (tmp_path / "y").exists()


def test_a_dry_run_says_what_would_happen(run, mask, tmp_path):
    FORMATS["png"].write(mask, tmp_path / "a.png")
    code, out, _ = run("export", tmp_path / "a.png", "--to", "cvat", "--out", tmp_path / "x.xml", "--dry-run")
    assert code == 0
    assert "Nothing was written." in out
    assert not (tmp_path / "x.xml").exists()


def test_a_class_table_and_the_images_can_be_named(run, mask, tmp_path):
    FORMATS["tiff"].write(replace(mask, classes=ClassTable()), tmp_path / "a.tif")
    (tmp_path / "table.json").write_text(mask.classes.to_json())
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.jpg").write_bytes(b"")
    options = ("--classes", tmp_path / "table.json", "--images", tmp_path / "images")
    run("export", tmp_path / "a.tif", "--to", "coco", "--out", tmp_path / "c.json", *options)
    data = json.loads((tmp_path / "c.json").read_text())
    assert [category["name"] for category in data["categories"]] == ["cat", "dog"]
    assert data["images"][0]["file_name"] == "a.jpg"


def test_objects_and_id_maps(run, mask, tmp_path):
    FORMATS["png"].write(mask, tmp_path / "a.png")
    (tmp_path / "ids.json").write_text('{"cat": 24, "dog": 25}')
    options = ("--instances", "--id-map", tmp_path / "ids.json")
    code, _, _ = run("export", tmp_path / "a.png", "--to", "cityscapes", "--out", tmp_path / "city", *options)
    assert code == 0
    assert (tmp_path / "city/a_gtFine_instanceIds.png").is_file()


def test_every_format_is_listed_with_who_reads_it(run):
    code, out, _ = run("export", "--list")
    assert code == 0
    for key, form in FORMATS.items():
        assert re.search(rf"^{key} +{re.escape(form.title)}: .*read by", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nothing to export"),
        (("{masks}",), "--to"),
        (("{masks}", "--to", "coco"), "--out"),
        (("{masks}", "--to", "cocoa", "--out", "{out}"), "choose one of png"),
        (("missing.png", "--to", "coco", "--out", "{out}"), "does not exist"),
        (("{masks}", "--to", "png", "--out", "{masks}/a.png/b"), "a.png"),
        (("{masks}", "--to", "coco", "--out", "{out}", "--classes", "missing.json"), "missing.json"),
    ],
)
def test_a_mistake_is_one_sentence(run, mask, tmp_path, words, says):
    FORMATS["png"].write(mask, tmp_path / "masks")
    filled = [word.format(masks=tmp_path / "masks", out=tmp_path / "out.json") for word in words]
    code, _, error = run("export", *filled)
    assert code == 1
    assert says in error
    assert error.count("\n") == 1 + error.startswith("Exporting ")


@pytest.mark.parametrize("command", ["export", "convert"])
@pytest.mark.parametrize("key", ["png", "coco", "ome-zarr"])
def test_what_was_edited_since_it_was_written_is_not_replaced(run, mask, tmp_path, command, key):
    FORMATS["tiff"].write(mask, tmp_path / "a.tif")
    target = {"png": tmp_path / "out" / "a.png", "coco": tmp_path / "c.json", "ome-zarr": tmp_path / "a.ome.zarr"}[key]
    words = {
        "export": ["export", tmp_path / "a.tif", "--to", key, "--out", target],
        "convert": ["convert", tmp_path / "a.tif", target, "--to", key],
    }[command]
    assert run(*words)[0] == 0
    assert run(*words)[0] == 0  # what was written here may be written again
    edited = target if target.is_file() else next(path for path in target.rglob("*") if path.is_file())
    edited.write_bytes(edited.read_bytes() + b" ")
    before = edited.read_bytes()
    code, _, error = run(*words)
    assert code == 1
    assert "was changed since it was written" in error
    assert edited.read_bytes() == before
    assert run(*words, "--overwrite")[0] == 0
    assert not edited.exists() or edited.read_bytes() != before


TABLES = ("classes.json", "labelmap.txt", "labels.txt")
"""Files that exports add to; what others wrote into them stays."""


@pytest.mark.parametrize("command", ["export", "convert"])
@pytest.mark.parametrize("key", [key for key, form in FORMATS.items() if form.available])
def test_no_format_replaces_a_file_of_a_folder_that_was_edited(run, mask, tmp_path, command, key):
    FORMATS["tiff"].write(mask, tmp_path / "a.tif")
    (tmp_path / "ids.json").write_text('{"cat": 24, "dog": 25}')
    out = tmp_path / "out"
    places = ["--out", out] if command == "export" else [out]
    words = [command, tmp_path / "a.tif", *places, "--to", key]
    words += ["--id-map", tmp_path / "ids.json"] if key == "cityscapes" else []
    assert run(*words)[0] == 0
    names = (path for path in sorted(out.rglob("*")) if path.is_file() and not path.name.startswith(".cliptrase"))
    for path in [path for path in names if path.name not in TABLES]:
        content = path.read_bytes()
        path.write_bytes(content + b" ")
        code, _, error = run(*words)
        assert (code, path.read_bytes()) == (1, content + b" ")
        assert "was changed since it was written" in error
        path.write_bytes(content)
    assert run(*words)[0] == 0


def test_a_file_from_elsewhere_is_not_replaced(run, mask, tmp_path):
    FORMATS["tiff"].write(mask, tmp_path / "a.tif")
    (tmp_path / "c.json").write_text('{"annotations": "of somebody"}')
    code, _, error = run("export", tmp_path / "a.tif", "--to", "coco", "--out", tmp_path / "c.json")
    assert code == 1
    assert "was not written here; move it away, or replace it with --overwrite" in error
    assert "of somebody" in (tmp_path / "c.json").read_text()


def test_a_number_in_a_folder_keeps_its_meaning(run, mask, tmp_path):
    FORMATS["png"].write(mask, tmp_path / "masks")
    other = LabelImage(mask.labels, ClassTable(ClassTable.from_names("tree", "dog").classes, void=255), stem="b")
    FORMATS["tiff"].write(other, tmp_path / "b.tif")
    code, _, error = run("export", tmp_path / "b.tif", "--to", "png", "--out", tmp_path / "masks")
    assert code == 1
    assert "class 1 is 'cat' in the masks there and 'tree' here" in error
    assert FORMATS["png"].read(tmp_path / "masks" / "a.png")[0].classes.get(1).name == "cat"

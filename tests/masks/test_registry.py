"""Every format that can be read back gives the same labels, names and ids, whatever the mask."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS, format_named, guess_format, read_masks

READABLE = [key for key, form in FORMATS.items() if form.decode]
KEEPS_VOID = {"png", "voc", "png-per-class", "png16", "tiff", "ome-tiff", "npz", "seg-nrrd", "nifti", "ome-zarr"}


def source_of(form, target, report):
    """What a user would name to read an export back."""
    if form.layout == "one":
        return next(path for path in report.files if path.name == form.default_name)
    return report.files[0] if form.folders else target


@pytest.mark.parametrize("key", READABLE)
@pytest.mark.parametrize("objects", [False, True])
def test_labels_names_ids_and_the_format_come_back(key, objects, planes, new_folder):
    form = FORMATS[key]

    @given(planes())
    def check(mask):
        target = new_folder() / "out"
        report = form.write(mask, target, ExportOptions(instances=objects))
        source = source_of(form, target, report)
        (back,) = form.read(source)
        expected = mask.labels
        if key not in KEEPS_VOID and mask.classes.void is not None:
            expected = np.where(expected == mask.classes.void, 0, expected)
            assert report.lossy == bool(mask.void_pixels)
        else:
            assert not report.lossy
        np.testing.assert_array_equal(back.labels, expected)
        assert back.stem == "m"
        assert [(e.id, e.name, e.color) for e in back.classes] == [(e.id, e.name, e.color) for e in mask.classes]
        guessed = guess_format(source)
        assert guessed.key == key or guessed.read(source)[0].labels.tolist() == back.labels.tolist()

    check()


@pytest.mark.parametrize("key", [k for k in READABLE if k not in ("voc", "png-per-class")])
def test_ids_above_255_do_not_wrap_around(key, new_folder):
    mask = LabelImage(np.array([[0, 1, 256], [300, 40000, 65535]], np.int64), stem="m")
    target = new_folder() / "out"
    (back,) = FORMATS[key].read(source_of(FORMATS[key], target, FORMATS[key].write(mask, target)))
    assert back.labels.tolist() == mask.labels.tolist()


@pytest.mark.parametrize("key", READABLE)
def test_an_empty_mask_is_an_empty_mask(key, golden, new_folder):
    mask = replace(golden, labels=np.zeros_like(golden.labels))
    target = new_folder() / "out"
    report = FORMATS[key].write(mask, target)
    (back,) = FORMATS[key].read(source_of(FORMATS[key], target, report))
    assert back.labels.tolist() == mask.labels.tolist()
    assert [entry.name for entry in back.classes] == ["cat", "dog"]
    assert (report.images, report.classes, report.pixels_written) == (1, 0, 0)


@pytest.mark.parametrize("key", READABLE)
def test_stacks_stay_whole_or_become_one_mask_per_plane(key, planes, new_folder):
    form = FORMATS[key]

    @given(planes(ndim=3, void=False))
    def check(mask):
        target = new_folder() / "out"
        report = form.write(mask, target)
        if form.layout == "each" and form.folders:
            backs = [b for path in report.files for b in form.read(path)]
        else:
            backs = form.read(source_of(form, target, report))
        if form.stacks:
            np.testing.assert_array_equal(backs[0].labels, mask.labels)
            assert backs[0].axes == "ZYX"
        elif len(backs) == len(mask.labels):
            np.testing.assert_array_equal(np.stack([back.labels for back in backs]), mask.labels)
            assert [back.stem for back in backs] == [piece.stem for piece in mask.pieces()]

    check()


@pytest.mark.parametrize(
    "key", ["tiff", "ome-tiff", "npz", "seg-nrrd", "nifti", "ome-zarr", "png", "labelme", "geojson"]
)
def test_pixel_size_and_position_come_back(key, golden, new_folder):
    mask = replace(golden, scale=(0.5, 0.25), units=("micrometer",) * 2, origin=(3.0, -4.0))
    target = new_folder() / "out"
    (back,) = FORMATS[key].read(source_of(FORMATS[key], target, FORMATS[key].write(mask, target)))
    assert (back.scale, back.units, back.origin) == (mask.scale, mask.units, mask.origin)


@pytest.mark.parametrize("key", ["coco-instances", "labelme", "cvat", "datumaro", "voc", "npz"])
def test_object_numbers_tell_the_same_objects_apart(key, golden, new_folder):
    labels = np.array([[1, 1, 1, 1, 2, 2]], np.uint8)
    instances = np.array([[5, 5, 9, 9, 300, 300]], np.uint16)
    mask = replace(golden, labels=labels, instances=instances, classes=replace(golden.classes, void=None))
    target = new_folder() / "out"
    options = ExportOptions(instances=True)
    (back,) = FORMATS[key].read(source_of(FORMATS[key], target, FORMATS[key].write(mask, target, options)))
    assert back.labels.tolist() == labels.tolist()
    assert back.instances is not None
    one, two, three = (set(back.instances[0, i : i + 2].tolist()) for i in (0, 2, 4))
    assert len(one) == len(two) == len(three) == 1
    assert len(one | two | three) == 3


@given(st.data())
def test_convert_chains_keep_lossless_masks(planes, new_folder, data):
    mask = data.draw(planes())
    chain = data.draw(st.lists(st.sampled_from(sorted(KEEPS_VOID - {"voc"})), min_size=2, max_size=3))
    current = mask
    for key in chain:
        target = new_folder() / "out"
        report = FORMATS[key].write(current, target, ExportOptions(strict=True))
        (current,) = FORMATS[key].read(source_of(FORMATS[key], target, report))
    np.testing.assert_array_equal(current.labels, mask.labels)
    assert current.classes == mask.classes


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    with pytest.raises(MaskFormatError, match="choose one of png, voc"):
        format_named("cocoa")
    (tmp_path / "a.doc").write_text("hello")
    with pytest.raises(MaskFormatError, match="no known mask format"):
        guess_format(tmp_path / "a.doc")


def test_masks_of_several_formats_are_read_together(golden, tmp_path):
    FORMATS["png"].write(golden, tmp_path / "a.png")
    FORMATS["tiff"].write(golden, tmp_path / "b.tif")
    assert [mask.stem for mask in read_masks([tmp_path / "a.png", tmp_path / "b.tif"])] == ["a", "b"]
    assert guess_format(tmp_path / "b.classes.json").key == "tiff"


def test_a_folder_of_mixed_masks_is_refused(golden, tmp_path):
    FORMATS["tiff"].write(golden, tmp_path)
    FORMATS["png16"].write(golden.renamed("thumb"), tmp_path)
    for source in (tmp_path, tmp_path / "classes.json"):
        with pytest.raises(MaskFormatError, match=r"several formats \(Indexed PNG and TIFF\).*--from png or tiff"):
            guess_format(source)


@pytest.mark.parametrize("key", ["coco", "labelme", "label-studio", "geojson", "coco-panoptic", "datumaro"])
def test_json_is_parsed_once(key, golden, tmp_path, monkeypatch):
    form = FORMATS[key]
    path = tmp_path / "a.json"
    written = next(p for p in form.write(golden, tmp_path / "out").files if p.suffix in (".json", ".geojson"))
    path.write_bytes(written.read_bytes())
    calls = []
    loads = json.loads
    monkeypatch.setattr(json, "loads", lambda *args, **kwargs: (calls.append(1), loads(*args, **kwargs))[1])
    assert guess_format(path).key == key
    assert len(calls) == 1


def test_the_page_says_what_the_formats_hold():
    page = Path(__file__).parents[2] / "docs/export.md"
    rows = [line.split("|") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    reported = {row[1].strip(" `"): tuple(cell.strip() for cell in row[5:7]) for row in rows if len(row) == 10}
    names = {Objects.NEVER: "no", Objects.ASKED: "asked", Objects.ALWAYS: "yes"}
    held = {key: ("yes" if form.void else "no", names[form.objects]) for key, form in FORMATS.items()}
    assert {key: reported[key] for key in held} == held


def test_a_name_that_no_disk_takes_is_a_sentence(tmp_path):
    with pytest.raises(MaskFormatError, match="cannot be opened"):
        guess_format(tmp_path / ("x" * 300))

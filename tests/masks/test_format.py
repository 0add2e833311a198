import os
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from napari_cliptrase.classes.scores import ClassScores
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import Cancelled, MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions
from napari_cliptrase.masks.format import Objects
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.mask_regions import object_plane
from napari_cliptrase.masks.registry import FORMATS
from napari_cliptrase.masks.written_record import changed_since_written

PNG, COCO, YOLO = FORMATS["png"], FORMATS["coco"], FORMATS["yolo"]


def bytes_below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_strict_refuses_a_loss_before_anything_is_written(golden, tmp_path):
    with pytest.raises(MaskFormatError, match="1 void pixel"):
        COCO.write(golden, tmp_path / "out", ExportOptions(strict=True))
    assert not (tmp_path / "out").exists()
    PNG.write(golden, tmp_path / "out", ExportOptions(strict=True))


def test_a_preview_gives_the_report_of_the_export_and_writes_nothing(golden, tmp_path):
    for form in (form for form in FORMATS.values() if form.available):
        target = tmp_path / form.key
        preview = form.preview(golden, target)
        assert not target.exists()
        assert form.write(golden, target) == preview


def test_a_failed_export_leaves_the_old_files(golden, tmp_path):
    PNG.write(golden, tmp_path)
    before = bytes_below(tmp_path)
    bad = LabelImage(np.full((2, 2), 70000, np.uint32), stem="b")
    with pytest.raises(MaskFormatError, match="65,535"):
        PNG.write([replace(golden, labels=1 - np.minimum(golden.labels, 1)), bad], tmp_path)
    assert bytes_below(tmp_path) == before


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="root may write into read-only folders")
def test_a_folder_that_cannot_be_written_is_named(golden, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(MaskFormatError, match="cannot be written"):
        PNG.write(golden, tmp_path / "a.png")
    tmp_path.chmod(0o700)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(golden, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_cliptrase.atomic.os.fsync", full)
    with pytest.raises(MaskFormatError, match=r"No space left on device.*nothing was changed"):
        PNG.write(golden, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", list(FORMATS))
def test_equal_masks_give_equal_bytes(golden, tmp_path, key):
    for name in ("one", "two"):
        FORMATS[key].write(golden, tmp_path / name, ExportOptions(instances=True))
    assert bytes_below(tmp_path / "one") == bytes_below(tmp_path / "two")


def test_dates_appear_when_they_are_given(golden, tmp_path):
    COCO.write(golden, tmp_path / "a.json", ExportOptions(created=datetime(2026, 1, 31)))
    assert '"date_created":"2026-01-31T00:00:00"' in (tmp_path / "a.json").read_text()


def test_two_masks_of_one_name_are_refused(golden, tmp_path):
    with pytest.raises(MaskFormatError, match="different names"):
        PNG.write([golden, golden], tmp_path / "out")


def test_no_masks_are_no_export(tmp_path):
    with pytest.raises(MaskFormatError, match="no mask"):
        PNG.write([], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_id_with_two_names_is_refused(golden, tmp_path):
    other = LabelImage(golden.labels, ClassTable.from_names("car", "dog"), stem="b")
    with pytest.raises(MaskFormatError, match="'cat' in one mask and 'car' in b"):
        COCO.write([golden, other], tmp_path / "a.json")


def test_a_missing_library_is_named_with_the_command_that_installs_it(golden, tmp_path):
    form = replace(FORMATS["nifti"], module="not_there")
    with pytest.raises(MaskFormatError, match=r'pip install "napari-cliptrase\[nifti\]"'):
        form.write(golden, tmp_path / "a.nii.gz")


@pytest.mark.parametrize("key", [key for key, form in FORMATS.items() if form.decode])
def test_a_damaged_file_is_a_sentence_that_names_it(tmp_path, key):
    form = FORMATS[key]
    path = tmp_path / f"broken{form.extensions[0] if form.extensions else ''}"
    path.write_bytes(b"this is not a mask")
    with pytest.raises(MaskFormatError, match="broken"):
        form.read(path)
    with pytest.raises(MaskFormatError, match="does not exist"):
        form.read(tmp_path / "missing")


def test_what_cannot_be_read_back_says_so(tmp_path):
    with pytest.raises(MaskFormatError, match="not read back"):
        YOLO.read(tmp_path)


def test_classes_of_the_reader_can_be_replaced(golden, tmp_path):
    PNG.write(golden, tmp_path / "a.png")
    table = ClassTable(ClassTable.from_names("lion", "wolf").classes, void=255)
    (mask,) = PNG.read(tmp_path / "a.png", table)
    assert mask.classes == table


TOUCHING = LabelImage(
    np.array([[1, 1, 1, 1], [0, 0, 2, 0]], np.uint8),
    ClassTable.from_names("cell", "dog"),
    stem="a",
    instances=np.array([[1, 1, 2, 2], [0, 0, 3, 0]], np.uint8),
)
WRITABLE = [key for key, form in FORMATS.items() if form.available]


def objects_of(mask):
    """Sets of pixels, one for each object."""
    plane = object_plane(mask, corners=True)
    return {frozenset(map(tuple, np.argwhere(plane == number).tolist())) for number in np.unique(plane[plane > 0])}


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("key", WRITABLE)
def test_object_numbers_are_kept_or_reported_to_be_lost(key, asked, tmp_path):
    form, options = FORMATS[key], ExportOptions(instances=asked)
    report = form.write(TOUCHING, tmp_path / "out", options)
    lost = any("object numbers of 1 mask are left out" in loss for loss in report.losses)
    kept = form.objects is Objects.ALWAYS or (asked and form.objects is Objects.ASKED)
    assert lost is not kept
    if form.decode is not None:
        source = tmp_path / "out" / {"ome-zarr": "a.ome.zarr"}.get(key, form.default_name)
        (mask,) = form.read(source)
        assert (objects_of(mask) == objects_of(TOUCHING)) is kept
    if lost:
        with pytest.raises(MaskFormatError, match="object numbers"):
            form.write(TOUCHING, tmp_path / "strict", replace(options, strict=True))


@pytest.mark.parametrize("key", WRITABLE)
def test_object_numbers_that_anybody_can_count_again_are_no_loss(key, golden, tmp_path):
    numbers = object_plane(golden, corners=True)
    assert FORMATS[key].preview(replace(golden, instances=numbers), tmp_path).losses == (
        FORMATS[key].preview(golden, tmp_path).losses
    )


@pytest.mark.parametrize("key", WRITABLE)
def test_scores_are_kept_or_reported_to_be_left_out(key, tmp_path):
    scores = ClassScores((1, 2), np.zeros((2, 2, 4), np.float16), (2, 4))
    report = FORMATS[key].preview(replace(TOUCHING, scores=scores), tmp_path)
    assert any("class scores" in note for note in report.notes) is (key != "npz")


ODD_NAMES = (
    "d\ud83dx",
    "bell\x07 line\nfeed\x0c null\x00 end",
    "\x85next\u2028line\ufffe",
    "🐶" * 50,
    "犬" * 400,
    "a & b <c> \"d\" 'e' -- ]]> %2F",
)


def test_the_longest_names_that_images_can_have_are_names_of_masks(tmp_path):
    for end in ("🐶" * 59 + "." * 15, "x" * 251):
        mask = LabelImage(TOUCHING.labels, stem=end)
        assert mask.stem == end
        PNG.write(mask, tmp_path / "out")
        assert PNG.read(tmp_path / "out" / f"{end}.png")[0].stem == end
    with pytest.raises(MaskFormatError, match=r"too long.*nothing was changed"):
        FORMATS["seg-nrrd"].write(mask, tmp_path / "volumes")
    with pytest.raises(MaskFormatError, match=r"too long.*nothing was changed"):
        PNG.write(mask, tmp_path / f"{'y' * 300}.png")


@pytest.mark.parametrize("key", WRITABLE)
@pytest.mark.parametrize("odd", ODD_NAMES, ids=["broken", "control", "line", "long", "longer", "marks"])
def test_odd_names_are_written_and_read_back(key, odd, tmp_path):
    form = FORMATS[key]
    mask = LabelImage(TOUCHING.labels, ClassTable.from_names("cell", odd), stem=odd, image_name=f"{odd}.png")
    report = form.write(mask, tmp_path / "out")
    assert all(path.exists() for path in report.files)
    if form.decode is None:
        return
    source = tmp_path / "out" / (f"{mask.stem}.ome.zarr" if key == "ome-zarr" else form.default_name)
    (back,) = form.read(source)
    assert {entry.id: entry.name for entry in back.classes} == {entry.id: entry.name for entry in mask.classes}
    assert back.labels.tolist() == mask.labels.tolist()


def test_masks_of_one_name_in_one_file_get_names_of_their_own(golden, tmp_path):
    report = COCO.write([golden, golden], tmp_path / "a.json")
    assert [mask.image_name for mask in COCO.read(tmp_path / "a.json")] == ["a.png", "a-2.png"]
    assert any("'a-2'" in note for note in report.notes)
    named = replace(golden, image_name="photo.jpg")
    report = COCO.write([named, named], tmp_path / "b.json")
    assert [mask.image_name for mask in COCO.read(tmp_path / "b.json")] == ["photo.jpg", "photo.jpg"]
    assert any("'photo.jpg'" in note for note in report.notes)


@pytest.mark.parametrize("subset", ["", "../evil", "a/b", ".hidden"])
def test_a_split_is_a_plain_name(subset):
    with pytest.raises(MaskFormatError, match="cannot name a split"):
        ExportOptions(subset=subset)


class Stop(Exception):
    pass


@pytest.mark.parametrize("key", WRITABLE)
def test_an_export_says_how_far_it_has_come_and_can_be_stopped(key, golden, tmp_path):
    masks = [golden.renamed(name) for name in "abc"]
    reported = []
    FORMATS[key].write(masks, tmp_path / "whole", watch=reported.append)
    assert len(reported) >= 3
    assert {step.total for step in reported} == {3}
    assert [step.done for step in reported] == sorted(step.done for step in reported)

    def stop(step):
        raise Stop

    with pytest.raises(Stop):
        FORMATS[key].write(masks, tmp_path / "stopped", watch=stop)
    steps = FORMATS[key].write_steps(masks, tmp_path / "closed")
    next(steps)
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


@pytest.mark.parametrize("key", ["png", "coco", "geojson", "cvat"])
def test_reading_says_how_far_it_has_come_and_can_be_stopped(key, golden, tmp_path):
    FORMATS[key].write([golden.renamed(name) for name in "abc"], tmp_path)
    source = tmp_path / FORMATS[key].default_name
    reported = []
    assert len(FORMATS[key].read(source, watch=reported.append)) == 3
    assert [step.text for step in reported] == ["a", "b", "c"]

    def stop(step):
        raise Cancelled

    with pytest.raises(Cancelled):
        FORMATS[key].read(source, watch=stop)


def test_many_objects_are_reported_while_they_are_written_and_read(tmp_path):
    labels = np.zeros((150, 150), np.uint8)
    labels[::2, ::2] = 1
    mask = LabelImage(labels, ClassTable.from_names("dot"), stem="dots")
    reported = []
    FORMATS["coco-instances"].write(mask, tmp_path / "a.json", watch=reported.append)
    FORMATS["coco-instances"].read(tmp_path / "a.json", watch=reported.append)
    assert [step.text for step in reported if "4,096" in step.text] == ["dots: 4,096 objects"] * 2


def test_what_was_written_is_known_and_edits_since_are_reported(golden, tmp_path):
    report = PNG.write(golden, tmp_path)
    assert not any(map(changed_since_written, report.files))
    edited = tmp_path / "a.png"
    edited.write_bytes(edited.read_bytes() + b"x")
    assert [path for path in report.files if changed_since_written(path)] == [edited]
    PNG.write(golden, tmp_path)
    assert not any(map(changed_since_written, report.files))

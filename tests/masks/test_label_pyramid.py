"""Labels on disk, core by core, that survive a stop."""

import numpy as np
import pytest
import zarr

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_pyramid import (
    RUN_FILE,
    LabelPyramid,
    PyramidPlace,
    at_level,
    finished_cores,
    labels_beside,
    start_pyramid,
)
from napari_cliptrase.masks.registry import FORMATS

SHAPE, CORE = (1500, 2200), (500, 550)
CLASSES = PromptSet.parse("cat\ndog").table()
LABELS = np.random.default_rng(2).integers(0, 3, (15, 22), dtype=np.uint8).repeat(100, 0).repeat(100, 1)


def cores():
    boxes = [(slice(y, y + 500), slice(x, x + 550)) for y in range(0, 1500, 500) for x in range(0, 2200, 550)]
    return list(enumerate(boxes))


def write(pyramid: LabelPyramid, chosen=None) -> None:
    for number, (rows, columns) in cores()[:chosen]:
        if number not in pyramid.finished:
            pyramid.write(number, rows, columns, LABELS[rows, columns])


def place(root, **more) -> PyramidPlace:
    return PyramidPlace(root, SHAPE, CORE, (0.5, 0.25), unit="micrometer", **more)


@pytest.fixture
def finished(tmp_path):
    pyramid = start_pyramid(place(tmp_path / "a.ome.zarr"), CLASSES, "key")
    write(pyramid)
    steps = list(pyramid.finish({"model": "demo"}))
    assert [step.done for step in steps] == [*range(1, steps[0].total + 1)]
    return tmp_path / "a.ome.zarr"


def test_our_reader_and_the_models_of_ome_zarr_read_labels_classes_and_sizes(finished):
    from ome_zarr_models.v05.image_label import ImageLabel

    (mask,) = FORMATS["ome-zarr"].read(finished)
    np.testing.assert_array_equal(mask.labels, LABELS)
    assert [entry.name for entry in mask.classes] == ["cat", "dog"]
    assert (mask.scale, mask.units) == ((0.5, 0.25), ("micrometer",) * 2)
    ImageLabel.from_zarr(zarr.open_group(finished, mode="r"))


def test_chunks_are_cores_and_coarser_levels_show_the_same_place(finished):
    levels = [zarr.open_array(finished / str(level)) for level in range(3)]
    assert levels[0].chunks == CORE
    assert [level.shape for level in levels] == [(1500, 2200), (750, 1100), (375, 550)]
    np.testing.assert_array_equal(levels[1][...], LABELS[1::2, 1::2])
    scale = zarr.open_group(finished).attrs["ome"]["multiscales"][0]["datasets"][2]["coordinateTransformations"]
    assert scale == [{"type": "scale", "scale": [2.0, 1.0]}, {"type": "translation", "translation": [0.75, 0.375]}]


@pytest.mark.parametrize("name", ["slide.svs", "slide.ome.tif", "slide.ome.zarr", "slide.zarr", "slide"])
def test_labels_of_an_image_get_a_folder_beside_it_that_names_it(tmp_path, name):
    assert labels_beside(tmp_path / name) == tmp_path / "slide.labels.ome.zarr"
    assert labels_beside(tmp_path / name, 2) == tmp_path / "slide.labels-2.ome.zarr"


def test_the_record_stays_and_the_notes_of_the_run_go(finished):
    names = {path.name for path in finished.iterdir()}
    assert RUN_FILE in names
    assert not any("finished" in name for name in names)


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    root = tmp_path / "a.zarr"
    write(start_pyramid(place(root), CLASSES, "key"), 5)
    with next(root.glob(".cliptrase-finished")).open("ab") as stream:
        stream.write(b"\x07")  # killed within a number
    again = start_pyramid(place(root), CLASSES, "key")
    assert again.finished == frozenset(range(5))
    again.note_empty(5, 6)
    assert start_pyramid(place(root), CLASSES, "key").finished == frozenset(range(7))
    write(start_pyramid(place(root), CLASSES, "key"))
    expected = LABELS.copy()
    for _, box in cores()[5:7]:
        expected[box] = 0
    np.testing.assert_array_equal(zarr.open_array(root / "0")[...], expected)


def test_a_run_that_a_full_disk_stopped_while_it_began_begins_again(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(zarr, "create_array", refuse)
        with pytest.raises(OSError, match="No space"):
            start_pyramid(place(tmp_path / "a.zarr"), CLASSES, "key")
    (tmp_path / "empty.zarr").mkdir()
    for name in ("a.zarr", "empty.zarr"):
        write(start_pyramid(place(tmp_path / name), CLASSES, "key"))
        np.testing.assert_array_equal(zarr.open_array(tmp_path / name / "0")[...], LABELS)


def test_what_a_run_would_begin_with_is_reported_without_a_change(tmp_path):
    root = tmp_path / "a.zarr"
    assert finished_cores(place(root), "key") == frozenset()
    assert not root.exists()
    write(start_pyramid(place(root), CLASSES, "key"), 3)
    assert finished_cores(place(root), "key") == frozenset(range(3))
    assert finished_cores(place(root), "other", overwrite=True) == frozenset()
    assert zarr.open_array(root / "0")[...].any()
    with pytest.raises(MaskFormatError, match="unfinished run over another image"):
        finished_cores(place(root), "other")


def test_another_run_does_not_go_on_in_labels_that_are_there(tmp_path, finished):
    write(start_pyramid(place(tmp_path / "b.zarr"), CLASSES, "key"), 2)
    with pytest.raises(MaskFormatError, match="unfinished run over another image"):
        start_pyramid(place(tmp_path / "b.zarr"), CLASSES, "other")
    with pytest.raises(MaskFormatError, match="exists already"):
        start_pyramid(place(finished), CLASSES, "key")
    assert start_pyramid(place(finished), CLASSES, "key", overwrite=True).finished == frozenset()


def test_a_folder_that_holds_something_else_is_never_removed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(MaskFormatError, match="not a label image"):
        start_pyramid(place(tmp_path / "mine"), CLASSES, "key", overwrite=True)
    assert (tmp_path / "mine" / "letter.txt").exists()


@pytest.mark.parametrize("new", [True, False])
def test_labels_beside_an_image_are_listed_there(tmp_path, new):
    image = tmp_path / "image.zarr"
    group = zarr.open_group(image, mode="w", zarr_format=3 if new else 2)
    group.create_array("0", data=np.zeros(SHAPE, np.uint8))
    described = {"multiscales": [{"axes": [], "datasets": [{"path": "0"}]}]}
    group.attrs.update({"ome": {"version": "0.5", **described}} if new else described)
    zarr.consolidate_metadata(image)
    pyramid = start_pyramid(place(image / "labels" / "cliptrase", beside=image), CLASSES, "key")
    write(pyramid)
    list(pyramid.finish({}))
    (mask,) = FORMATS["ome-zarr"].read(image)
    np.testing.assert_array_equal(mask.labels, LABELS)
    assert "labels/cliptrase/0" in zarr.open_consolidated(image)


def test_labels_of_a_coarser_level_lie_over_the_same_place(tmp_path):
    coarse = at_level(place(tmp_path), (4.0, 2.0))
    assert (coarse.scale, coarse.translation) == ((2.0, 0.5), (0.75, 0.125))

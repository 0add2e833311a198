import json

import numpy as np
import pytest
from hypothesis import given

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.export_options import ExportOptions, NgffVersion
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.ome_zarr import FORMAT

zarr = pytest.importorskip("zarr", reason="the extra ome-zarr is not installed")
pytest.importorskip("ome_zarr", reason="ome-zarr is the other reader")
from ome_zarr.format import FormatV04, FormatV05  # noqa: E402
from ome_zarr.io import parse_url  # noqa: E402
from ome_zarr.reader import Reader  # noqa: E402
from ome_zarr.writer import write_multiscale  # noqa: E402

VERSIONS = list(NgffVersion)


def make_image(path, version, shape=(3, 40, 60)):
    """An image of two channels and three levels, written by ome-zarr."""
    fmt = FormatV04() if version is NgffVersion.V04 else FormatV05()
    levels = [np.zeros((2, *shape[1:]), np.uint8)[:, :: 2**i, :: 2**i] for i in range(3)]
    group = zarr.open_group(str(path), mode="w", zarr_format=fmt.zarr_format)
    write_multiscale(
        levels,
        group,
        fmt=fmt,
        axes=["c", "y", "x"],
        coordinate_transformations=[[{"type": "scale", "scale": [1.0, 0.5 * 2**i, 0.25 * 2**i]}] for i in range(3)],
    )


def nodes(path):
    return list(Reader(parse_url(str(path)))())


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_beside_an_image_are_found_by_ome_zarr(version, tmp_path):
    path = tmp_path / "cells.ome.zarr"
    make_image(path, version)
    labels = np.random.default_rng(0).integers(0, 3, (40, 60)).astype(np.uint16)
    mask = LabelImage(labels, stem="cells", scale=(9.0, 9.0))
    report = FORMAT.write(mask, path)
    assert any("labels/classes" in note for note in report.notes)
    FORMAT.write(mask, path, ExportOptions(label_name="again"))
    found = [node for node in nodes(path) if "labels" in str(node.zarr) and node.data]
    by_name = {node.zarr.path.rsplit("/", 1)[-1]: node for node in found}
    node = by_name["classes"]
    np.testing.assert_array_equal(node.data[0], labels)
    assert [level.shape for level in node.data] == [(40, 60), (20, 30), (10, 15)]
    assert node.metadata["coordinateTransformations"][1] == [{"type": "scale", "scale": [1.0, 0.5]}]
    assert set(by_name) >= {"classes", "again"}
    assert [mask.stem for mask in FORMAT.read(path)] == ["again", "classes"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_image_of_its_own_has_colours_and_names(version, golden, tmp_path):
    path = tmp_path / "a.ome.zarr"
    FORMAT.write(golden, path, ExportOptions(ngff=version))
    (node,) = [node for node in nodes(path) if node.data]
    np.testing.assert_array_equal(node.data[0], golden.labels)
    name = ".zattrs" if version is NgffVersion.V04 else "zarr.json"
    attributes = json.loads((path / name).read_text())
    label = (attributes if version is NgffVersion.V04 else attributes["attributes"]["ome"])["image-label"]
    assert label["colors"] == [
        {"label-value": 1, "rgba": [128, 0, 0, 255]},
        {"label-value": 2, "rgba": [0, 128, 0, 255]},
        {"label-value": 255, "rgba": [224, 224, 192, 255]},
    ]
    assert label["properties"][0] == {"label-value": 1, "class": "cat"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_metadata_are_valid(version, golden, tmp_path):
    import ome_zarr_models as models  # needs zarr, which may be missing

    path = tmp_path / "a.ome.zarr"
    FORMAT.write(golden, path, ExportOptions(ngff=version))
    if version is NgffVersion.V04:
        models.v04.image_label.ImageLabelAttrs.model_validate_json((path / ".zattrs").read_bytes())
    else:
        models.v05.ImageLabel.from_zarr(zarr.open_group(str(path), mode="r"))


def test_zarr_reads_any_stack(planes, new_folder):
    @given(planes(ndim=3, top=70000))
    def check(mask):
        path = new_folder() / "a.ome.zarr"
        FORMAT.write(mask, path, ExportOptions(ngff=NgffVersion.V05))
        array = zarr.open_array(str(path / "0"), mode="r")
        assert array.metadata.dimension_names == ("z", "y", "x")
        np.testing.assert_array_equal(array[...], mask.labels)

    check()


def test_large_labels_have_levels_of_nearest_labels(tmp_path):
    labels = np.zeros((1, 1500), np.uint8)
    labels[0, 700:] = 7
    FORMAT.write(LabelImage(labels), tmp_path / "a.zarr")
    small = zarr.open_array(str(tmp_path / "a.zarr/1"), mode="r")[...]
    assert small.shape == (1, 750)
    assert set(np.unique(small)) == {0, 7}
    assert int((small == 7).sum()) == 400


def test_chunks_of_an_older_export_do_not_stay(tmp_path):
    path = tmp_path / "a.ome.zarr"
    FORMAT.write(LabelImage(np.ones((2000, 10), np.uint8)), path)
    FORMAT.write(LabelImage(np.zeros((2000, 10), np.uint8)), path)
    assert not FORMAT.read(path)[0].labels.any()


def test_an_image_of_another_size_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "cells.ome.zarr"
    make_image(path, NgffVersion.V04)
    with pytest.raises(MaskFormatError, match="has shape"):
        FORMAT.write(LabelImage(np.zeros((4, 4), np.uint8)), path)
    with pytest.raises(MaskFormatError, match="has axes"):
        FORMAT.write(LabelImage(np.zeros((2, 4, 4), np.uint8), axes="ZYX"), path)
    assert not (path / "labels").exists()


def test_a_folder_that_is_no_image_is_refused(tmp_path):
    zarr.open_group(str(tmp_path / "plain.zarr"), mode="w")
    with pytest.raises(MaskFormatError, match="without an OME image"):
        FORMAT.write(LabelImage(np.zeros((4, 4), np.uint8)), tmp_path / "plain.zarr")


def test_labels_of_another_tool_keep_names_and_size(golden, tmp_path):
    path = tmp_path / "a.ome.zarr"
    FORMAT.write(golden, path)
    attributes = json.loads((path / ".zattrs").read_text())
    del attributes["napari-cliptrase"]
    (path / ".zattrs").write_text(json.dumps(attributes))
    (mask,) = FORMAT.read(path)
    assert mask.classes == golden.classes
    assert mask.axes == "YX"


def zattrs(path, version):
    if version is NgffVersion.V04:
        return json.loads((path / ".zattrs").read_text())
    return json.loads((path / "zarr.json").read_text())["attributes"]


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_beside_an_image_have_its_size_and_unit(version, tmp_path):
    path = tmp_path / "cells.ome.zarr"
    make_image(path, version)
    group = zarr.open_group(str(path))
    attributes = dict(group.attrs)
    multiscale = (attributes if version is NgffVersion.V04 else attributes["ome"])["multiscales"][0]
    for axis in multiscale["axes"][1:]:
        axis["unit"] = "micrometer"
    group.attrs.update(attributes)
    mask = LabelImage(np.ones((40, 60), np.uint8), scale=(9.0, 9.0), units=("millimeter",) * 2)
    report = FORMAT.write(mask, path)
    assert any("pixel size is that of the image" in note for note in report.notes)
    label = zattrs(path / "labels/classes", version)
    label = label if version is NgffVersion.V04 else label["ome"]
    assert [axis["unit"] for axis in label["multiscales"][0]["axes"]] == ["micrometer"] * 2
    (back,) = FORMAT.read(path)
    assert (back.scale, back.units) == ((0.5, 0.25), ("micrometer",) * 2)


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_are_seen_through_consolidated_metadata(version, tmp_path):
    path = tmp_path / "cells.ome.zarr"
    make_image(path, version)
    zarr.consolidate_metadata(str(path))
    labels = np.arange(2400, dtype=np.uint16).reshape(40, 60)
    FORMAT.write(LabelImage(labels), path)
    FORMAT.write(LabelImage(labels), path, ExportOptions(label_name="again"))
    group = zarr.open_group(str(path), mode="r", use_consolidated=True)
    assert sorted(group["labels"].group_keys()) == ["again", "classes"]
    np.testing.assert_array_equal(group["labels/classes/s0"][...], labels)
    assert "image-label" in str(dict(group["labels/again"].attrs))
    assert group["s0"].shape == (2, 40, 60)


@pytest.mark.parametrize("version", VERSIONS)
def test_other_attributes_of_the_labels_stay(version, tmp_path):
    path = tmp_path / "cells.ome.zarr"
    make_image(path, version)
    ours = {"labels": ["nuclei"]}
    group = zarr.open_group(str(path)).create_group("labels")
    group.attrs.update({"mine": 5, **(ours if version is NgffVersion.V04 else {"ome": {"version": "0.5", **ours}})})
    FORMAT.write(LabelImage(np.ones((40, 60), np.uint8)), path)
    found = zattrs(path / "labels", version)
    assert found["mine"] == 5
    assert (found if version is NgffVersion.V04 else found["ome"])["labels"] == ["classes", "nuclei"]


def test_metres_are_spelled_as_the_specification_does(tmp_path):
    path = tmp_path / "a.ome.zarr"
    FORMAT.write(LabelImage(np.ones((2, 2), np.uint8), scale=(2.0, 2.0), units=("metre",) * 2), path)
    assert [axis["unit"] for axis in zattrs(path, NgffVersion.V04)["multiscales"][0]["axes"]] == ["meter"] * 2
    assert FORMAT.read(path)[0].units == ("metre",) * 2

"""Files that declare far more than they hold are refused before anything is allocated."""

import base64
import gzip
import json
import struct
import tracemalloc
import zipfile
import zlib
from io import BytesIO

import numpy as np
import pytest

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.label_image import LabelImage
from napari_cliptrase.masks.registry import FORMATS

HUGE = 60_000
MEMORY = 2_000_000_000


@pytest.fixture(autouse=True)
def _two_gigabytes(monkeypatch):
    monkeypatch.setattr("napari_cliptrase.free_memory.free_memory", lambda: MEMORY)


def refused(key, path, says):
    tracemalloc.start()
    try:
        with pytest.raises(MaskFormatError, match=says):
            FORMATS[key].read(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def png(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    chunks = [(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def coco(segmentation):
    return {
        "images": [{"id": 1, "file_name": "a.jpg", "width": HUGE, "height": HUGE}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": segmentation}],
    }


def labelme(shape):
    return {"imageHeight": HUGE, "imageWidth": HUGE, "shapes": [{"label": "cat", **shape}]}


RESULT = {
    "type": "brushlabels",
    "original_width": HUGE,
    "original_height": HUGE,
    "value": {"format": "rle", "rle": [0, 0, 0, 1], "brushlabels": ["cat"]},
}
SMALL_LABELME = {
    "imageHeight": 9,
    "imageWidth": 9,
    "shapes": [
        {
            "label": "cat",
            "shape_type": "mask",
            "points": [[0, 0], [8, 8]],
            "mask": base64.b64encode(png(HUGE, HUGE)).decode(),
        }
    ],
}


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("coco", coco({"size": [HUGE, HUGE], "counts": [0, HUGE * HUGE]})),
        ("coco", coco([[0, 0, HUGE, 0, HUGE, HUGE]])),
        ("labelme", labelme({"shape_type": "circle", "points": [[HUGE // 2, HUGE // 2], [0, HUGE // 2]]})),
        ("labelme", labelme({"shape_type": "polygon", "points": [[0, 0], [HUGE, 0], [HUGE, HUGE]]})),
        ("label-studio", [{"data": {"image": "a.png"}, "predictions": [{"result": [RESULT]}]}]),
        (
            "geojson",
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [HUGE, 0], [HUGE, HUGE]]]},
                        "properties": {},
                    }
                ],
            },
        ),
        (
            "datumaro",
            {
                "categories": {"label": {"labels": [{"name": "cat"}]}},
                "items": [{"id": "a", "annotations": [], "image": {"size": [HUGE, HUGE]}}],
            },
        ),
    ],
)
def test_a_few_bytes_of_json_do_not_take_the_memory(key, data, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(data))
    refused(key, tmp_path / "a.json", r"60,000 × 60,000 pixels need .* GB of memory and 2.0 GB are free")


def test_a_few_bytes_of_xml_do_not_take_the_memory(tmp_path):
    (tmp_path / "a.xml").write_text(f'<annotations><image name="a" width="{HUGE}" height="{HUGE}"/></annotations>')
    refused("cvat", tmp_path / "a.xml", "GB of memory")


def test_png_files_and_those_in_labelme_hold_what_they_declare(tmp_path):
    (tmp_path / "a.png").write_bytes(png(HUGE, HUGE))
    refused("png", tmp_path / "a.png", r"declares .* bytes of pixels, more than its")
    (tmp_path / "a.json").write_text(json.dumps(SMALL_LABELME))
    refused("labelme", tmp_path / "a.json", r"declares .* bytes of pixels, more than its")


@pytest.mark.parametrize(
    ("sizes", "content", "says"),
    [
        (f"{HUGE} {HUGE} 9", b"\0" * 1000, "declares"),
        ("10 10 1", b"\0" * 50_000_000, "holds more than the 100 bytes"),
        ("10 10 1", b"\0" * 99, "holds 99 bytes of pixels instead of 100"),
        ("-1 10 1", b"\0" * 99, "as sizes"),
    ],
)
def test_gzip_in_a_segmentation_of_slicer_holds_what_it_declares(sizes, content, says, tmp_path):
    lines = ["NRRD0004", "type: uchar", "dimension: 3", f"sizes: {sizes}", "encoding: gzip"]
    packed = gzip.compress(content)
    (tmp_path / "a.seg.nrrd").write_bytes("\n".join(lines).encode() + b"\n\n" + packed)
    refused("seg-nrrd", tmp_path / "a.seg.nrrd", says)


def test_arrays_of_an_archive_hold_what_they_declare(tmp_path):
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": (HUGE, HUGE)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("labels.npy", stream.getvalue() + b"\0" * 1000)
    refused("npz", tmp_path / "a.npz", "declares")


def test_a_bomb_in_an_archive_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", labels=np.zeros((2000, 2000), np.uint8))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    at = content.index(b"PK\x01\x02") + 24  # the size in the directory
    content[at : at + 4] = struct.pack("<I", 3_900_000_000)
    (tmp_path / "a.npz").write_bytes(bytes(content))
    refused("npz", tmp_path / "a.npz", "declares|cannot be read")


@pytest.mark.skipif(not FORMATS["nifti"].available, reason="needs nibabel, an extra")
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_volumes_hold_what_they_declare(name, tmp_path):
    mask = LabelImage(np.ones((2, 3, 4), np.uint8), ClassTable.from_names("cat"), axes="ZYX")
    FORMATS["nifti"].write(mask, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    content = bytearray(gzip.decompress(content) if name.endswith(".gz") else content)
    content[42:48] = struct.pack("<3h", 30_000, 30_000, 30_000)
    (tmp_path / name).write_bytes(gzip.compress(bytes(content)) if name.endswith(".gz") else bytes(content))
    refused("nifti", tmp_path / name, "declares")


@pytest.mark.skipif(not FORMATS["ome-zarr"].available, reason="needs zarr, an extra")
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"shape": [HUGE, HUGE]}, "GB of memory"),
        ({"shape": [9000, 9000], "chunks": [1, 1]}, "most of which are missing"),
    ],
)
def test_zarr_arrays_of_endless_size_or_chunks_are_refused(fields, says, tmp_path):
    FORMATS["ome-zarr"].write(
        LabelImage(np.ones((3, 4), np.uint8), ClassTable.from_names("a")), tmp_path / "a.ome.zarr"
    )
    path = tmp_path / "a.ome.zarr/0/.zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    refused("ome-zarr", tmp_path / "a.ome.zarr", says)


@pytest.mark.skipif(not FORMATS["ome-zarr"].available, reason="needs zarr, an extra")
def test_zarr_groups_lead_nowhere_else(tmp_path):
    FORMATS["ome-zarr"].write(
        LabelImage(np.ones((3, 4), np.uint8), ClassTable.from_names("a")), tmp_path / "a.ome.zarr"
    )
    path = tmp_path / "a.ome.zarr/.zattrs"
    path.write_text(path.read_text().replace('"path": "0"', '"path": "../../b"'))
    refused("ome-zarr", tmp_path / "a.ome.zarr", "as a part of itself")

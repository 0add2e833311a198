import json

from napari_cliptrase.masks.run_record import record_path, write_record
from napari_cliptrase.masks.written_record import digest_of


def test_a_record_names_the_masks_by_hash_and_how_each_plane_was_made(tmp_path):
    (tmp_path / "a.png").write_bytes(b"mask")
    path = write_record(tmp_path, "a", ["a.png"], [{"model": "demo"}], {"image": "a.jpg"})
    assert path == record_path(tmp_path, "a")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record == {
        "image": "a.jpg",
        "masks": {"a.png": digest_of(tmp_path / "a.png")},
        "provenance": [{"model": "demo"}],
    }


def test_a_folder_counts_as_one_mask(tmp_path):
    (tmp_path / "a.ome.zarr").mkdir()
    (tmp_path / "a.ome.zarr" / "zarr.json").write_text("{}")
    record = json.loads(write_record(tmp_path, "a", ["a.ome.zarr"], []).read_text(encoding="utf-8"))
    assert record["masks"]["a.ome.zarr"] == digest_of(tmp_path / "a.ome.zarr")

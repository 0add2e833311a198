"""Large files are opened without reading them."""

import numpy as np
import pytest
import tifffile
import zarr

from napari_cliptrase.errors import ImageReadError
from napari_cliptrase.pixels.lazy_file import open_lazily

RGB = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)


def write_ome_zarr(path, array, axes, *, version="0.5", scale=0.5):
    """An OME-Zarr image with two levels."""
    group = zarr.open_group(path, mode="w", zarr_format=3 if version == "0.5" else 2)
    finer, spatial = array, [axes.index("y"), axes.index("x")]
    datasets = []
    for level in range(2):
        group.create_array(str(level), data=np.ascontiguousarray(finer), chunks=tuple(min(64, n) for n in finer.shape))
        factors = [scale * 2**level if axis in spatial else 1.0 for axis in range(array.ndim)]
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": factors}]})
        finer = finer[tuple(slice(None, None, 2) if axis in spatial else slice(None) for axis in range(array.ndim))]
    kinds = {"t": "time", "c": "channel"}
    named = [{"name": name, "type": kinds.get(name, "space")} for name in axes]
    for axis in spatial:
        named[axis]["unit"] = "micrometer"
    multiscales = [{"axes": named, "datasets": datasets, "version": version}]
    described = {"multiscales": multiscales}
    group.attrs.update({"ome": {"version": "0.5", **described}} if version == "0.5" else described)
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_ome_zarr_image_has_levels_channels_and_a_pixel_size(tmp_path, version):
    path = write_ome_zarr(tmp_path / "a.ome.zarr", RGB.transpose(2, 0, 1), "cyx", version=version)
    with open_lazily(path) as found:
        assert [found.shape(level) for level in range(2)] == [(300, 400), (150, 200)]
        assert found.roles.letters == "CYX"
        assert (found.scale, found.unit, found.ome_zarr) == ((0.5, 0.5), "micrometer", True)
        np.testing.assert_array_equal(found.levels[0][:, 3:5, 7], RGB[3:5, 7].T)
        assert (found.level_for(None), found.level_for(140), found.level_for(151)) == (0, 1, 0)


def test_a_film_has_planes(tmp_path):
    with open_lazily(write_ome_zarr(tmp_path / "f.zarr", np.zeros((5, 40, 60), np.uint16), "tyx")) as found:
        assert found.plane_shape == (5,)


def test_a_plain_zarr_array_is_an_image(tmp_path):
    zarr.save_array(tmp_path / "a.zarr", RGB)
    with open_lazily(tmp_path / "a.zarr") as found:
        assert (found.roles.letters, found.shape(), found.ome_zarr) == ("YXS", (300, 400), False)


def test_a_tiled_pyramid_tiff_is_read_tile_by_tile(tmp_path):
    path = tmp_path / "slide.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as tiff:
        options = {"photometric": "rgb", "tile": (64, 64)}
        meta = {"axes": "YXS", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeXUnit": "µm"}
        tiff.write(RGB, subifds=1, metadata=meta, **options)
        tiff.write(RGB[::2, ::2], subfiletype=1, **options)
    with open_lazily(path) as found:
        assert [found.shape(level) for level in range(len(found.levels))] == [(300, 400), (150, 200)]
        assert (found.scale, found.unit) == ((0.5, 0.25), "micrometer")
        np.testing.assert_array_equal(np.asarray(found.levels[0][10:20, 30:40]), RGB[10:20, 30:40])


def test_a_numpy_file_is_mapped(tmp_path):
    np.save(tmp_path / "a.npy", RGB)
    with open_lazily(tmp_path / "a.npy") as found:
        assert isinstance(found.levels[0], np.memmap)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "not a zarr image"),
        (lambda path: path.write_bytes(b"nothing like it"), "cannot be read part by part"),
        (lambda path: path.write_bytes(b"II*\0xxxx"), "damaged or not complete"),
        (lambda path: zarr.open_group(path, mode="w"), "group without an image"),
    ],
)
def test_what_cannot_be_opened_is_reported_in_a_sentence(tmp_path, make, message):
    make(tmp_path / "thing")
    with pytest.raises(ImageReadError, match=message), open_lazily(tmp_path / "thing"):
        pass

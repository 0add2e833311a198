"""Any image that napari can open: the result lies exactly over it, whatever its axes, numbers and storage."""

import dask.array
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Labels

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.plugin.layers import PlaneResult
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.workbench import workbench_of

HEIGHT, WIDTH = 24, 36
KINDS = {"gray": (), "RGB": 3, "RGBA": 4, "2 channels": 2, "5 channels": 5}
LEADING = {2: "", 3: "Z", 4: "TZ"}
COUNTS = {"T": 2, "Z": 3}
DTYPES = ("uint8", "uint16", "int32", "float32", "bool")
STORES = ("numpy", "dask", "zarr", "memory map", "multiscale")
ANGLE = np.deg2rad(25)
CLASSES = ClassTable.from_names("cat", "dog")


def roles_and_shape(kind: str, dims: int) -> tuple[AxisRoles, tuple[int, ...], bool]:
    """What the axes mean, how long they are, and whether napari shows the last one as colours."""
    letters, shape = LEADING[dims], tuple(COUNTS[letter] for letter in LEADING[dims])
    if kind == "gray":
        return AxisRoles(letters + "YX"), (*shape, HEIGHT, WIDTH), False
    if kind.startswith("RGB"):
        return AxisRoles(letters + "YXS"), (*shape, HEIGHT, WIDTH, KINDS[kind]), True
    return AxisRoles(letters + "CYX"), (*shape, KINDS[kind], HEIGHT, WIDTH), False


def pixels(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Random numbers of a type, with what is no number among the floats."""
    values = np.random.default_rng(len(shape)).random(shape)
    if dtype == "float32":
        values.flat[:3] = np.nan, np.inf, -np.inf
        return values.astype(np.float32)
    return values > 0.5 if dtype == "bool" else (values * {"uint8": 255}.get(dtype, 4000)).astype(dtype)


def stored(array: np.ndarray, store: str, roles: AxisRoles, folder) -> object:
    """The same pixels, kept in another way."""
    if store == "dask":
        return dask.array.from_array(array, chunks=8)
    if store == "zarr":
        return zarr.array(array, chunks=tuple(min(16, size) for size in array.shape))
    if store == "memory map":
        mapped = np.memmap(folder / "pixels", array.dtype, "w+", shape=array.shape)
        mapped[...] = array
        return mapped
    if store == "multiscale":
        half = tuple(slice(None, None, 2) if axis in (roles.y, roles.x) else slice(None) for axis in range(array.ndim))
        return [array, array[half]]
    return array


def place(ndim: int, roles: AxisRoles) -> dict[str, object]:
    """An anisotropic scale, and a rotation of the planes."""
    rotation = np.eye(ndim)
    turn = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
    rotation[np.ix_((roles.y, roles.x), (roles.y, roles.x))] = turn
    return {"scale": np.arange(2, ndim + 2) * 0.5, "rotate": rotation, "translate": np.arange(ndim) * 10.0}


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("dims", LEADING)
@pytest.mark.parametrize("kind", KINDS)
def test_a_result_lies_exactly_over_its_image(kind, dims, store, tmp_path):
    roles, shape, rgb = roles_and_shape(kind, dims)
    ndim = len(shape) - rgb
    viewer = ViewerModel()
    bench = workbench_of(viewer)
    # every type in memory; what a store adds is the same for all types
    for dtype in DTYPES if store == "numpy" else ("uint16", "float32"):
        viewer.layers.clear()
        data = stored(pixels(shape, dtype), store, roles, tmp_path)
        image = viewer.add_image(
            data, rgb=rgb, multiscale=store == "multiscale", contrast_limits=(0, 1), **place(ndim, roles)
        )
        for level in (0, 1) if store == "multiscale" else (0,):
            source = plane_source_of(viewer, image, bench.session.version_of(image), roles=roles, level=level)
            step = 2**level
            picture = source.rgb()
            assert (picture.shape, picture.dtype) == ((HEIGHT // step, WIDTH // step, 3), np.uint8)
            labels = np.ones(picture.shape[:2], np.uint8)
            labels[3, 5] = 2
            bench.layers.write(PlaneResult(source.target, labels, CLASSES, {}, "Segment"))
            written = [layer for layer in viewer.layers if isinstance(layer, Labels)]
            dog = [layer for layer in written if (np.asarray(layer.data) == 2).any()]
            assert len(dog) == 1, (kind, dims, dtype, store)
            (spot,) = np.argwhere(np.asarray(dog[0].data) == 2)
            there = np.zeros(ndim)
            for axis, position in zip(roles.planes, source.index, strict=True):
                there[axis] = position
            there[roles.y], there[roles.x] = (3 + 0.5) * step - 0.5, (5 + 0.5) * step - 0.5
            compared = [axis for axis in range(ndim) if axis != roles.color]
            world, expected = dog[0].data_to_world(spot), image.data_to_world(there)
            offset = ndim - len(world)
            for axis in compared:
                assert world[axis - offset] == pytest.approx(expected[axis]), (kind, dims, dtype, store, axis)
            for layer in written:
                viewer.layers.remove(layer)

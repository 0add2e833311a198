"""Indexed PNG: the mask that every tool reads; the pixel value is the class id."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import IO

import numpy as np
from PIL.PngImagePlugin import PngImageFile

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.colors import RGB, voc_color
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.free_memory import refuse_beyond_memory
from napari_cliptrase.masks import metadata, tables, units
from napari_cliptrase.masks.export_options import ExportOptions, Palette
from napari_cliptrase.masks.format import MaskFormat
from napari_cliptrase.masks.label_image import LabelImage, dtype_for, narrow
from napari_cliptrase.masks.loss_report import Tally
from napari_cliptrase.masks.output_place import Layout, OutputPlace
from napari_cliptrase.masks.png_file import encode_png
from napari_cliptrase.masks.staging import OutFile
from napari_cliptrase.pixels.declared_size import DEFLATE, check_declared

_BITS = {"LA": 16, "RGB": 24, "RGBA": 32, "I;16": 16, "I": 16}  # others may have one bit a pixel
_STRIP = 1 << 17  # pixels
VOID_COLOR = voc_color(255)


def png_palette(table: ClassTable, palette: Palette) -> tuple[RGB, ...]:
    """Return all 256 entries, so that the file stays at eight bits a pixel: classes, black background, VOC's void."""
    colors = [voc_color(index) for index in range(256)]
    if palette is Palette.CLASSES:
        for entry in table:
            if entry.id < 256:
                colors[entry.id] = entry.color
    if table.void is not None and table.void < 256:
        colors[table.void] = VOID_COLOR
    return tuple(colors)


def indexed_png(mask: LabelImage, palette: Palette, tally: Tally) -> bytes:
    """Return a plane as indexed PNG; as 16-bit grey with a note when an id is above 255."""
    plane = narrow(mask.labels)
    if plane.dtype != np.uint8:
        tally.note(f"{mask.stem}: ids above 255 do not fit an indexed PNG; it was written as 16-bit grey.")
        return grey_png(mask)
    return encode_png(
        plane,
        palette=png_palette(mask.classes, palette),
        texts={metadata.OWN_KEY: metadata.dump(mask)},
        metres=_metres(mask),
    )


def grey_png(mask: LabelImage) -> bytes:
    """Return a plane as 16-bit grey PNG; refuse ids that do not fit."""
    plane = narrow(mask.labels)
    if plane.dtype.itemsize > 2:
        raise MaskFormatError(f"{mask.stem} holds ids above 65,535, which no PNG can hold; export it as TIFF.")
    return encode_png(plane.astype(np.uint16), texts={metadata.OWN_KEY: metadata.dump(mask)}, metres=_metres(mask))


def _metres(mask: LabelImage) -> tuple[float, float] | None:
    y, x = (units.metres(size, unit) for size, unit in zip(mask.scale[-2:], mask.units[-2:], strict=True))
    return None if y is None or x is None else (y, x)


def _encode(masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        yield OutFile(f"{mask.stem}.png", indexed_png(mask, options.palette, tally))
    table = tables.shared(table, place, tally)
    yield OutFile.text(place.beside("classes.json"), table.to_json())
    yield OutFile.text(place.beside("labelmap.txt"), tables.labelmap(table, png_palette(table, options.palette), tally))


def _encode_grey(
    masks: Iterable[LabelImage], place: OutputPlace, options: ExportOptions, tally: Tally
) -> Iterator[OutFile]:
    table = ClassTable()
    for mask in masks:
        table = table.joined(mask.classes, mask.stem)
        yield OutFile(f"{mask.stem}.png", grey_png(mask))
    yield OutFile.text(place.beside("classes.json"), tables.shared(table, place, tally).to_json())


def open_png(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """Return the pixels of a PNG file, (H, W) or (H, W, channels), and its texts; however large it is."""
    with open_strips(path) as image:
        first: np.ndarray | None = None
        for top, strip in image.strips():
            if first is None:
                first = np.empty((*image.shape, *strip.shape[2:]), strip.dtype)
            first[top : top + len(strip)] = strip
        assert first is not None
        return first, image.texts


@dataclass(frozen=True, eq=False)
class PngStrips:
    """A PNG that is open; its pixels come in strips, since the picture library keeps all of them once already.

    Attributes
    ----------
    shape
        (H, W).
    """

    shape: tuple[int, int]
    _image: PngImageFile

    @property
    def texts(self) -> dict[str, str]:
        """Its texts by key; complete when its pixels were read."""
        return {str(key): str(text) for key, text in self._image.text.items()}

    def strips(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the first row of each strip and its pixels, (rows, W) or (rows, W, channels)."""
        height, width = self.shape
        rows = max(1, _STRIP // width)
        for top in range(0, height, rows):
            whole = height <= rows  # copying small pictures costs more than reading them
            part = self._image if whole else self._image.crop((0, top, width, min(top + rows, height)))
            strip = np.asarray(part)
            yield top, strip.view(np.uint8) if strip.dtype == bool else strip


@contextmanager
def open_strips(source: Path | IO[bytes]) -> Iterator[PngStrips]:
    """Open a PNG file or stream; refuse it when it declares more than it holds or than fits into the memory."""
    # Image.open refuses large images as decompression bombs, but a large mask is a small file
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as stream:
        held = stream.seek(0, SEEK_END)
        stream.seek(0)
        with PngImageFile(stream) as image:
            bits = _BITS.get(image.mode, 1)
            check_declared(image.width * image.height * bits // 8, held, ratio=DEFLATE)
            refuse_beyond_memory(2 * image.width * image.height * -(-bits // 8), "its pixels")
            image.load()
            try:
                yield PngStrips((image.height, image.width), image)
            finally:
                image.close()  # leaving its context closes the file only, and the next picture takes as much again


def read_png(path: Path, stem: str) -> LabelImage:
    """Return one mask; an RGB file is looked up by the colours of the labelmap or class table beside it."""
    with open_strips(path) as image:
        colors = None
        labels: LabelArray | None = None
        for top, strip in image.strips():
            if strip.ndim == 3 and colors is None:
                table, colors = _colors_beside(path)
            part = strip if colors is None else _by_color(strip, colors, top)
            if labels is None:
                labels = np.empty(image.shape, part.dtype)
            labels[top : top + len(part)] = part
        embedded = metadata.parse_metadata(image.texts.get(metadata.OWN_KEY))
    assert labels is not None
    if colors is not None:
        return LabelImage(labels, table, stem=stem)
    return metadata.described(_unsigned(labels), stem, embedded, tables.beside(path))


def _colors_beside(path: Path) -> tuple[ClassTable, dict[RGB, int]]:
    found = tables.colors_beside(path)
    if found is None:
        raise ValueError("it holds colours instead of class ids, and no labelmap.txt or classes.json says which")
    return found


def _unsigned(pixels: np.ndarray) -> LabelArray:
    return narrow(pixels) if pixels.dtype.kind == "i" else pixels


def _by_color(pixels: np.ndarray, colors: dict[RGB, int], top: int) -> LabelArray:
    """Class ids of (rows, W, channels) pixels, the first of which is row ``top``."""
    known = np.array(sorted((r << 16 | g << 8 | b, i) for (r, g, b), i in colors.items()), np.int64)
    packed = pixels[..., 0].astype(np.uint32) << 16 | pixels[..., 1].astype(np.uint32) << 8 | pixels[..., 2]
    at = np.minimum(np.searchsorted(known[:, 0], packed), len(known) - 1)
    wrong = np.argwhere(known[at, 0] != packed)
    if len(wrong):
        row, column = wrong[0].tolist()
        color = tuple(pixels[row, column, :3].tolist())
        raise ValueError(
            f"its pixel at row {top + row}, column {column} has colour {color}, which the label map does not name"
        )
    labels: LabelArray = known[at, 1].astype(dtype_for(int(known[:, 1].max())))
    return labels


def _decode(source: Path) -> Iterator[LabelImage]:
    for path, stem in tables.mask_files(source, (".png",)):
        yield read_png(path, stem)


FORMAT = MaskFormat(
    key="png",
    title="Indexed PNG",
    description="one coloured 8-bit image per mask, pixel = class id; read by nearly everything (VOC, CVAT, mmseg, …)",
    extensions=(".png",),
    layout=Layout.EACH,
    encode=_encode,
    decode=_decode,
    void=True,
    recognises=lambda found: tables.holds(found.path, (".png",)),
)

GREY = MaskFormat(
    key="png16",
    title="16-bit PNG",
    description="one grey 16-bit image per mask, ids up to 65,535; read by OpenCV, scikit-image, Cellpose",
    extensions=(".png",),
    layout=Layout.EACH,
    encode=_encode_grey,
    decode=_decode,
    void=True,
)

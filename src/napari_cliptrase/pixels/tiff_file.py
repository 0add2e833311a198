"""TIFF files are checked before they are decoded: every page is compared with the file.

Decoders trust the tags. A truncated file loses planes silently, and one with a changed tag takes
gigabytes or minutes. Here the chain of pages is followed to its end, and what each page declares is compared with what
the file holds.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final, Literal

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_cliptrase.free_memory import refuse_beyond_memory
from napari_cliptrase.json_file import parse_json
from napari_cliptrase.pixels.declared_size import DEFLATE, check_declared

_DTYPES: Final[Mapping[int, str]] = {
    1: "u1", 2: "S1", 3: "u2", 4: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
_ORDERS: Final[Mapping[bytes, Literal["<", ">"]]] = {b"II": "<", b"MM": ">"}
_UNCOMPRESSED = 1
_RATIOS: Final[Mapping[int, int]] = {_UNCOMPRESSED: 1, 5: 2600, 8: DEFLATE, 32773: 128, 32946: DEFLATE}
_ANY_RATIO = 100_000
_WIDTH, _LENGTH, _BITS, _COMPRESSION, _DESCRIPTION = 256, 257, 258, 259, 270
_ORIENTATION, _SAMPLES, _ROWS, _PLANAR, _DEPTH = 274, 277, 278, 284, 32997
_STRIPS, _STRIP_BYTES, _TILE_WIDTH, _TILE_LENGTH, _TILES, _TILE_BYTES = 273, 279, 322, 323, 324, 325
_MOST_PLANES = 1_000_000


@dataclass(frozen=True, eq=False)
class TiffPage:
    """The tags of one page that define its size; ``values`` maps numbers of tags to their values."""

    values: Mapping[int, NDArray[Any]]

    def number(self, tag: int, default: int) -> int:
        """First value of a tag."""
        found = self.values.get(tag)
        return default if found is None or not len(found) or found.dtype.kind == "S" else int(found[0])

    @cached_property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Depth, rows, columns, samples and bits of each sample."""
        bits = self.number(_BITS, 1)
        return (
            self.number(_DEPTH, 1), self.number(_LENGTH, 0), self.number(_WIDTH, 0), self.number(_SAMPLES, 1), bits
        )  # fmt: skip

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels before compression; rows begin at whole bytes."""
        depth, rows, columns, samples, bits = self.shape
        return depth * rows * (-(-columns * samples * bits // 8))

    @property
    def description(self) -> str:
        """Text of the page."""
        return self.values.get(_DESCRIPTION, np.empty(0, "S1")).tobytes().decode("utf-8", "replace").rstrip("\0")


@dataclass(frozen=True, eq=False)
class TiffPages:
    """All pages of a file."""

    pages: tuple[TiffPage, ...]

    @property
    def orientation(self) -> int:
        """Number from 1 (upright) to 8 of how the first page is to be turned."""
        return self.pages[0].number(_ORIENTATION, 1)


def check_tiff(path: Path) -> TiffPages:
    """Return the pages of a TIFF; ValueError when it was cut off or declares more than it holds."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        pages = tuple(_pages(stream, size))
    for number, page in enumerate(pages, start=1):
        _check_page(page, number, size)
    first = pages[0]
    refuse_beyond_memory(2 * sum(page.nbytes for page in pages if page.shape == first.shape), "the pixels of its pages")
    _check_ome(first.description, len(pages))
    return TiffPages(pages)


@contextmanager
def open_tiff(path: Path) -> Iterator[tuple[Any, TiffPages]]:
    """Yield tifffile's view of a file that was checked, and its pages."""
    pages = check_tiff(path)
    with tifffile.TiffFile(path) as tiff:
        yield tiff, pages


def read_series(tiff: Any, pages: TiffPages) -> NDArray[Any]:
    """Return the pixels of the first series, in its shape; ValueError if it has fewer planes than the file declares."""
    series = tiff.series[0]
    plane = max(1, int(series.keyframe.size))
    held = sum(page is not None for page in series.pages)
    refuse_beyond_memory(2 * int(series.nbytes), "its pixels")
    if int(series.size) > plane * held and series.dataoffset is None:
        raise ValueError(f"it declares {int(series.size) // plane} planes and holds {held}")
    if series.dataoffset is not None and series.dataoffset + int(series.nbytes) > tiff.filehandle.size:
        raise ValueError("it was cut off: its last planes lie beyond its end")
    declared = _declared_size(pages.pages[0].description, plane)
    if declared > int(series.size):
        raise ValueError(f"it declares {declared // plane} planes and holds {int(series.size) // plane}")
    return np.asarray(series.asarray())


def upright(array: NDArray[Any], axes: str, orientation: int) -> NDArray[Any]:
    """Turn pixels as the orientation of a TIFF or EXIF says; ``axes`` names their axes in order, Y and X among them."""
    if not 2 <= orientation <= 8 or "Y" not in axes or "X" not in axes:
        return array
    rows, columns = axes.index("Y"), axes.index("X")
    if orientation >= 5:
        array = np.swapaxes(array, rows, columns)
    flipped = {2: (columns,), 3: (rows, columns), 4: (rows,), 6: (columns,), 7: (rows, columns), 8: (rows,)}
    return np.flip(array, flipped.get(orientation, ()))


def _pages(stream: IO[bytes], size: int) -> Iterator[TiffPage]:
    """Follow the chain of pages; ValueError where it leads out of the file or in a circle."""
    head = stream.read(16)
    order: Literal["<", ">"] | None = _ORDERS.get(head[:2])
    if order is None or len(head) < 8:
        raise ValueError("it is not a TIFF file")
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    (offset,) = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise ValueError(f"page {len(seen) + 1} leads back to an earlier page")
        seen.add(offset)
        page, offset = _page(stream, offset, size, order, big, len(seen))
        yield page
    if not seen:
        raise ValueError("it holds no page")


def _page(
    stream: IO[bytes], offset: int, size: int, order: Literal["<", ">"], big: bool, number: int
) -> tuple[TiffPage, int]:
    """Return the page at an offset, and the offset of the next one."""
    counting, entry_size, link = ("Q", 20, "Q") if big else ("H", 12, "I")
    width = struct.calcsize(counting)
    cut_off = f"it was cut off: page {number} lies beyond its end"
    content = _read(stream, offset, width, size, cut_off)
    (count,) = struct.unpack(order + counting, content)
    table = _read(stream, offset + width, count * entry_size + struct.calcsize(link), size, cut_off)
    values: dict[int, NDArray[Any]] = {}
    for begin in range(0, count * entry_size, entry_size):
        entry = table[begin : begin + entry_size]
        tag, kind = struct.unpack(order + "HH", entry[:4])
        (length,) = struct.unpack(order + link, entry[4 : 4 + struct.calcsize(link)])
        if tag not in _TAGS or kind not in _DTYPES:
            continue
        dtype = np.dtype(_DTYPES[kind]).newbyteorder(order)
        inline = entry[4 + struct.calcsize(link) :]
        if length * dtype.itemsize > len(inline):
            (at,) = struct.unpack(order + link, inline)
            inline = _read(stream, at, length * dtype.itemsize, size, f"tag {tag} of page {number} lies beyond its end")
        values[tag] = np.frombuffer(inline, dtype, count=length)
    return TiffPage(values), struct.unpack(order + link, table[-struct.calcsize(link) :])[0]


_TAGS: Final = frozenset(
    (
        _WIDTH, _LENGTH, _BITS, _COMPRESSION, _DESCRIPTION, _ORIENTATION, _SAMPLES, _ROWS, _PLANAR, _DEPTH, _STRIPS,
        _STRIP_BYTES, _TILE_WIDTH, _TILE_LENGTH, _TILES, _TILE_BYTES,
    )
)  # fmt: skip


def _read(stream: IO[bytes], offset: int, length: int, size: int, otherwise: str) -> bytes:
    if offset + length > size:
        raise ValueError(otherwise)
    stream.seek(offset)
    return stream.read(length)


def _check_page(page: TiffPage, number: int, size: int) -> None:
    """Compare what a page declares with its strips or tiles."""
    depth, rows, columns, samples, bits = page.shape
    if min(depth, rows, columns, samples, bits) < 1 or bits > 64:
        raise ValueError(f"page {number} declares {rows} × {columns} pixels of {samples} × {bits} bits")
    tiled = _TILES in page.values
    offsets, lengths = (
        page.values.get(tag, np.empty(0, np.int64))
        for tag in ((_TILES, _TILE_BYTES) if tiled else (_STRIPS, _STRIP_BYTES))
    )
    across, down = (page.number(_TILE_WIDTH, 0), page.number(_TILE_LENGTH, 0)) if tiled else (columns, _rows(page))
    if min(across, down) < 1:
        raise ValueError(f"page {number} declares tiles of {down} × {across} pixels")
    planes = samples if page.number(_PLANAR, 1) == 2 else 1
    pieces = -(-rows // down) * -(-columns // across) * planes * depth
    if pieces > max(len(offsets), len(lengths)) or across * down > 16 * max(rows * columns, 1 << 20):
        raise ValueError(f"page {number} declares {pieces:,} tiles or strips and lists {len(offsets):,}")
    known = min(len(offsets), len(lengths))
    ends = offsets[:known].astype(np.float64) + lengths[:known].astype(np.float64)
    if known and float(ends.max()) > size:
        raise ValueError(f"it was cut off: pixels of page {number} lie beyond its end")
    held = min(size, int(lengths[:known].astype(np.float64).sum())) if known else size
    compression = page.number(_COMPRESSION, _UNCOMPRESSED)
    sparse = known and not lengths[:known].any()  # a page of zeros that some programs do not write
    check_declared(page.nbytes, size if sparse else held, ratio=_RATIOS.get(compression, _ANY_RATIO))


def _rows(page: TiffPage) -> int:
    """Rows of a strip: one strip holds all when the page does not say."""
    rows = page.shape[1]
    return min(page.number(_ROWS, rows), rows) if rows else 0


def _check_ome(description: str, pages: int) -> None:
    """Refuse OME-XML that declares far more planes than there are: a reader would list them all."""
    if "<OME" not in description:
        return
    for pixels in re.findall(r"<[^>]*Pixels[^>]*>", description):
        sizes = [int(number) for number in re.findall(r'\bSize[ZCT]="(\d{1,18})"', pixels)]
        planes = int(np.prod(np.array(sizes, object))) if sizes else 1
        if planes > (_MOST_PLANES if "FileName=" in description else 10_000 + 100 * pages):
            raise ValueError(f"its OME-XML declares {planes:,} planes and it holds {pages:,} pages")
    counts = [int(number) for number in re.findall(r'\b(?:PlaneCount|IFD)="(\d{1,18})"', description)]
    if max(counts, default=0) > _MOST_PLANES:
        raise ValueError(f"its OME-XML describes {max(counts):,} planes and it holds {pages:,} pages")


def _declared_size(description: str, plane: int) -> int:
    """Pixels of all planes that a description of tifffile or ImageJ declares; 0 when it declares none."""
    if description.startswith("ImageJ="):
        found = re.search(r"^images=(\d{1,18})$", description, re.MULTILINE)
        return plane * int(found[1]) if found else 0
    if description.startswith('{"shape":'):
        try:
            shape = parse_json(description)["shape"]
            return int(np.prod(np.array([int(length) for length in shape], object)))
        except (ValueError, KeyError, TypeError):
            return 0
    return 0

"""NRRD files with an attached header, as 3D Slicer writes its segmentations."""

import gzip
import math
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.pixels.declared_size import DEFLATE, check_declared

_TYPES: Final[Mapping[str, str]] = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1",
    "uint8_t": "u1", "short": "i2", "short int": "i2", "signed short": "i2", "signed short int": "i2", "int16": "i2",
    "int16_t": "i2", "ushort": "u2", "unsigned short": "u2", "unsigned short int": "u2", "uint16": "u2",
    "uint16_t": "u2", "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4", "uint": "u4",
    "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4", "longlong": "i8", "long long": "i8",
    "long long int": "i8", "signed long long": "i8", "signed long long int": "i8", "int64": "i8", "int64_t": "i8",
    "ulonglong": "u8", "unsigned long long": "u8", "unsigned long long int": "u8", "uint64": "u8", "uint64_t": "u8",
}  # fmt: skip
_PACKED = ("gzip", "gz")
_STEP = 1 << 20


def encode_nrrd(data: LabelArray, fields: Mapping[str, str], texts: Mapping[str, str]) -> bytes:
    """Return a gzip-compressed NRRD.

    Parameters
    ----------
    data
        Unsigned integers, the first axis runs fastest in the file: (X, Y, Z).
    fields
        Further fields of the format, such as ``space``.
    texts
        Key -> value pairs, in UTF-8 as Slicer writes them; line breaks and backslashes are escaped.
    """
    lines = ["NRRD0004", f"type: uint{8 * data.dtype.itemsize}", f"dimension: {data.ndim}"]
    lines += [f"sizes: {' '.join(map(str, data.shape))}", "endian: little", "encoding: gzip"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    lines += [f"{key}:={_escaped(value)}" for key, value in texts.items()]
    raw = np.asarray(data, data.dtype.newbyteorder("<")).tobytes(order="F")
    return "\n".join(lines).encode("utf-8") + b"\n\n" + gzip.compress(raw, 1, mtime=0)


def read_nrrd(path: Path) -> tuple[LabelArray, dict[str, str]]:
    """Return the data (x, y, …), first axis fastest, with all fields and texts; ValueError if it is not understood."""
    head, found, body = path.read_bytes().partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if not found or not lines[0].startswith("NRRD000"):
        raise ValueError("it is not an NRRD file with an attached header")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        if line.startswith("#"):
            continue
        key, mark, value = line.partition(":=")
        if not mark or ": " in key:
            key, _, value = line.partition(": ")
            fields[key.strip().lower()] = value.strip()
        else:
            fields[key] = re.sub(r"\\([n\\])", lambda match: "\n" if match[1] == "n" else "\\", value)
    if fields.get("type", "") not in _TYPES:
        raise ValueError(f"it holds values of type {fields.get('type')!r} instead of whole numbers")
    if "data file" in fields or "datafile" in fields:
        raise ValueError("its data are in another file")
    dtype = np.dtype(_TYPES[fields["type"]]).newbyteorder(">" if fields.get("endian") == "big" else "<")
    shape = tuple(map(int, fields["sizes"].split()))
    if not shape or min(shape) < 1:
        raise ValueError(f"it declares {fields['sizes']!r:.60} as sizes")
    data = np.empty(_size(shape, dtype, body, fields.get("encoding", "raw")) // dtype.itemsize, dtype)
    _unpack(body, fields.get("encoding", "raw"), data.view(np.uint8))
    return data.reshape(shape, order="F").astype(dtype.newbyteorder("="), copy=False), fields


def _size(shape: tuple[int, ...], dtype: np.dtype[np.generic], body: bytes, encoding: str) -> int:
    """Bytes of the data; refused before they are allocated when the body cannot hold them."""
    size = math.prod(shape) * dtype.itemsize
    check_declared(size, len(body), ratio=DEFLATE if encoding in _PACKED else 1)
    return size


def _unpack(body: bytes, encoding: str, into: NDArray[np.uint8]) -> None:
    """Fill ``into``; ValueError when the body holds less or more."""
    if encoding == "raw":
        if len(body) != into.size:
            raise ValueError(f"it holds {len(body):,} bytes of pixels instead of {into.size:,}")
        into[:] = np.frombuffer(body, np.uint8)
        return
    if encoding not in _PACKED:
        raise ValueError(f"its data are encoded as {encoding!r:.60}; save it as gzip or raw")
    filled = 0
    with gzip.open(BytesIO(body)) as stream:
        while part := stream.read(_STEP):
            if filled + len(part) > into.size:
                raise ValueError(f"it holds more than the {into.size:,} bytes of pixels that it declares")
            into[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
            filled += len(part)
    if filled < into.size:
        raise ValueError(f"it holds {filled:,} bytes of pixels instead of {into.size:,}")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")

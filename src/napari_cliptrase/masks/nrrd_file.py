"""NRRD files with an attached header, as 3D Slicer writes its segmentations."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from napari_cliptrase.masks.label_image import Labels

_TYPES: Final[Mapping[str, str]] = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1",
    "uint8_t": "u1", "short": "i2", "short int": "i2", "signed short": "i2", "signed short int": "i2", "int16": "i2",
    "int16_t": "i2", "ushort": "u2", "unsigned short": "u2", "unsigned short int": "u2", "uint16": "u2",
    "uint16_t": "u2", "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4", "uint": "u4",
    "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4", "longlong": "i8", "long long": "i8",
    "long long int": "i8", "signed long long": "i8", "signed long long int": "i8", "int64": "i8", "int64_t": "i8",
    "ulonglong": "u8", "unsigned long long": "u8", "unsigned long long int": "u8", "uint64": "u8", "uint64_t": "u8",
}  # fmt: skip


def encode_nrrd(data: Labels, fields: Mapping[str, str], texts: Mapping[str, str]) -> bytes:
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


def read_nrrd(path: Path) -> tuple[Labels, dict[str, str]]:
    """Return the data, first axis fastest, and all fields and texts; ValueError for what is not understood."""
    head, found, body = path.read_bytes().partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if not found or not lines[0].startswith("NRRD000"):
        raise ValueError("it is no NRRD file with an attached header")
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
        raise ValueError("its data lie in another file")
    dtype = np.dtype(_TYPES[fields["type"]]).newbyteorder(">" if fields.get("endian") == "big" else "<")
    raw = _decompressed(body, fields.get("encoding", "raw"))
    shape = tuple(map(int, fields["sizes"].split()))
    data = np.frombuffer(raw, dtype, count=int(np.prod(shape))).reshape(shape, order="F")
    return data.astype(dtype.newbyteorder("=")), fields


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding in ("gzip", "gz"):
        return gzip.decompress(body)
    if encoding == "raw":
        return body
    raise ValueError(f"its data are encoded as {encoding!r}; save it as gzip or raw")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")

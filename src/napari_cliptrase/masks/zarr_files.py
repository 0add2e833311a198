"""Zarr groups and arrays as files in memory, for versions 2 (OME-Zarr 0.4) and 3 (OME-Zarr 0.5)."""

import json
import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from napari_cliptrase.array_types import LabelArray
from napari_cliptrase.classes.names import clean_name
from napari_cliptrase.free_memory import refuse_beyond_memory
from napari_cliptrase.json_file import read_json
from napari_cliptrase.masks.export_options import NgffVersion

_CHUNK = 1024
_FEW_CHUNKS = 10_000
_LARGEST_CHUNK = 1 << 28
_OLD_NAMES = (".zgroup", ".zattrs", ".zarray")


def group_file(
    attributes: Mapping[str, Any], version: NgffVersion, others: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """Return the files of a zarr group with OME attributes, and with the ``others`` that stand beside them."""
    if version is NgffVersion.V04:
        return {".zgroup": _json({"zarr_format": 2}), ".zattrs": _json({**(others or {}), **attributes})}
    ome = {"version": version.value, **attributes}
    return {"zarr.json": _json({"zarr_format": 3, "node_type": "group", "attributes": {**(others or {}), "ome": ome}})}


def load_others(group: Path) -> dict[str, Any]:
    """Return the attributes of a zarr 3 group that stand beside the OME attributes; empty for others."""
    if not (group / "zarr.json").is_file():
        return {}
    attributes = _load(group / "zarr.json").get("attributes") or {}
    return {key: value for key, value in attributes.items() if key != "ome"} if "ome" in attributes else {}


def consolidated(root: Path, made: Mapping[str, bytes], replaced: str) -> dict[str, bytes]:
    """Return the summary of all metadata with those of new files in it; empty for a group without such a summary.

    Parameters
    ----------
    made
        Path below ``root`` -> bytes of new files.
    replaced
        Beginning of the paths that the new files replace.
    """
    if (root / ".zmetadata").is_file():
        data = _load(root / ".zmetadata")
        found = {name: json.loads(text) for name, text in made.items() if name.rsplit("/", 1)[-1] in _OLD_NAMES}
        nodes = {k: v for k, v in data["metadata"].items() if not k.startswith(replaced)} | found
        data["metadata"] = dict(sorted(nodes.items()))
        return {".zmetadata": _json(data)}
    if (root / "zarr.json").is_file() and (data := _load(root / "zarr.json")).get("consolidated_metadata"):
        summary = data["consolidated_metadata"]
        nodes = {k: v for k, v in summary["metadata"].items() if not f"{k}/".startswith(replaced)}
        for name, text in made.items():
            if name.endswith("/zarr.json"):
                nodes[name.removesuffix("/zarr.json")] = json.loads(text)
        summary["metadata"] = dict(sorted(nodes.items()))  # zarr looks for siblings beside each other
        return {"zarr.json": _json(data)}
    return {}


def load_attributes(group: Path) -> dict[str, Any] | None:
    """Return the OME attributes of a zarr group on disk; None when there is no group."""
    new, old = group / "zarr.json", group / ".zattrs"
    if new.is_file():
        attributes = _load(new).get("attributes") or {}
        return dict(attributes.get("ome") or attributes)
    if old.is_file():
        return _load(old)
    return {} if (group / ".zgroup").is_file() else None


def chunk_files(path: str, labels: LabelArray, axes: str, version: NgffVersion) -> dict[str, bytes]:
    """Return the files of labels (…, H, W) as a compressed array; ``axes`` are its lower-case axis names."""
    import zarr
    from zarr.storage import MemoryStore

    held: dict[str, Any] = {}
    chunks = tuple(min(size, _CHUNK) if i >= labels.ndim - 2 else 1 for i, size in enumerate(labels.shape))
    new = version is NgffVersion.V05
    array = zarr.create_array(
        store=MemoryStore(held),
        name=path,
        shape=labels.shape,
        dtype=labels.dtype,
        chunks=chunks,
        zarr_format=3 if new else 2,
        fill_value=0,
        dimension_names=tuple(axes) if new else None,
        chunk_key_encoding={"name": "default" if new else "v2", "separator": "/"},
    )
    array[...] = np.asarray(labels)
    return {name: data.to_bytes() for name, data in sorted(held.items()) if name.startswith(f"{path}/")}


def inside(group: Path, path: object) -> Path:
    """Return a path within a group that its metadata name; ValueError for one that leads out of it."""
    parts = PurePosixPath(str(path))
    leads_out = parts.is_absolute() or ".." in parts.parts
    if not isinstance(path, str) or leads_out or "\\" in path or clean_name(path) != path:
        raise ValueError(f"it names {path!r:.60} as a part of itself")
    return group / parts


def check_array(array: Any, folder: Path) -> None:
    """Refuse an array that does not fit into the memory, or of far more chunks than its folder holds."""
    size = math.prod(array.shape) * array.dtype.itemsize
    refuse_beyond_memory(2 * size, f"its {size:,} bytes of pixels")
    chunks = math.prod(-(-length // step) for length, step in zip(array.shape, array.chunks, strict=True))
    chunk = math.prod(array.chunks) * array.dtype.itemsize
    if chunk > 4 * max(size, _LARGEST_CHUNK):
        raise ValueError(f"it declares chunks of {chunk:,} bytes")
    if chunks > _FEW_CHUNKS and chunks > 20 * sum(1 for path in folder.rglob("*") if path.is_file()):
        raise ValueError(f"it declares {chunks:,} chunks, most of which are missing")


def _load(path: Path) -> dict[str, Any]:
    return dict(read_json(path))


def _json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode("utf-8")

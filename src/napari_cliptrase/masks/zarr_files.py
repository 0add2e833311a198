"""Zarr groups and arrays as files in memory, for versions 2 (OME-Zarr 0.4) and 3 (OME-Zarr 0.5)."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from napari_cliptrase.masks.model import Labels
from napari_cliptrase.masks.options import NgffVersion

_CHUNK = 1024


def group_file(attributes: dict[str, Any], version: NgffVersion) -> dict[str, bytes]:
    """Return the files of a zarr group with OME attributes."""
    if version is NgffVersion.V04:
        return {".zgroup": _json({"zarr_format": 2}), ".zattrs": _json(attributes)}
    ome = {"version": version.value, **attributes}
    return {"zarr.json": _json({"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}})}


def load_attributes(group: Path) -> dict[str, Any] | None:
    """Return the OME attributes of a zarr group on disk; None when there is no group."""
    new, old = group / "zarr.json", group / ".zattrs"
    if new.is_file():
        attributes = json.loads(new.read_text(encoding="utf-8")).get("attributes") or {}
        return dict(attributes.get("ome") or attributes)
    if old.is_file():
        return dict(json.loads(old.read_text(encoding="utf-8")))
    return {} if (group / ".zgroup").is_file() else None


def chunk_files(path: str, labels: Labels, axes: str, version: NgffVersion) -> dict[str, bytes]:
    """Return the files of a compressed array; ``axes`` are its lower-case axis names."""
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


def _json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode("utf-8")

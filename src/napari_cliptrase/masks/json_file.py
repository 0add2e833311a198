"""JSON files, and whether a path is one."""

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """Return the data of a JSON file, with or without a byte order mark."""
    return json.loads(path.read_text(encoding="utf-8-sig"))


def json_in(path: Path) -> Any:
    """Return the data of a JSON file; None when the path is no JSON file, or a damaged one."""
    if path.suffix.lower() not in (".json", ".geojson") or not path.is_file():
        return None
    try:
        return read_json(path)
    except (ValueError, RecursionError):
        return None

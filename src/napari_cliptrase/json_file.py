"""JSON from files: every mistake in it is a ValueError with a sentence."""

import json
from pathlib import Path
from typing import Any, NoReturn

from napari_cliptrase.free_memory import refuse_beyond_memory

_OBJECTS = 10
"""How many bytes Python's objects take for a byte of JSON with many small numbers."""


def parse_json(text: str | bytes) -> Any:
    """Return the data of a JSON text; ValueError where it is damaged, nested too deeply or holds NaN."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_json(path: Path) -> Any:
    """Return the data of a JSON file, with or without a byte order mark; errors as in `parse_json`."""
    refuse_beyond_memory(_OBJECTS * path.stat().st_size, "its lists of objects")
    return parse_json(path.read_text(encoding="utf-8-sig"))


def json_in(path: Path) -> Any:
    """Return the data of a JSON file; None when the path is not a JSON file, or is damaged."""
    if path.suffix.lower() not in (".json", ".geojson") or not path.is_file():
        return None
    try:
        return read_json(path)
    except ValueError:
        return None


def whole(value: object, name: str) -> int:
    """Return a whole number of JSON data, also one that is written with a point; ValueError names the field."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"its {name!r} is {value!r:.60} instead of a whole number")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is not a number")

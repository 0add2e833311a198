"""Names of length units, and their size in metres."""

from collections.abc import Mapping
from typing import Final

METRES: Final[Mapping[str, float]] = {
    "metre": 1.0,
    "centimeter": 1e-2,
    "millimeter": 1e-3,
    "micrometer": 1e-6,
    "nanometer": 1e-9,
    "angstrom": 1e-10,
    "inch": 0.0254,
    "foot": 0.3048,
    "kilometer": 1e3,
}

_ALIASES: Final[Mapping[str, str]] = {
    "m": "metre", "meter": "metre", "meters": "metre", "cm": "centimeter", "mm": "millimeter", "um": "micrometer",
    "µm": "micrometer", "μm": "micrometer", "micron": "micrometer", "microns": "micrometer", "nm": "nanometer",
    "å": "angstrom", "in": "inch", "ft": "foot", "km": "kilometer", "px": "pixel", "pixels": "pixel", "": "pixel",
    "s": "second", "sec": "second", "seconds": "second", "ms": "millisecond", "min": "minute", "h": "hour",
    "millimetre": "millimeter", "micrometre": "micrometer", "nanometre": "nanometer", "centimetre": "centimeter",
}  # fmt: skip

_SYMBOLS: Final[Mapping[str, str]] = {
    "metre": "m", "centimeter": "cm", "millimeter": "mm", "micrometer": "µm", "nanometer": "nm", "angstrom": "Å",
    "inch": "in", "foot": "ft", "kilometer": "km", "second": "s", "millisecond": "ms", "minute": "min", "hour": "h",
}  # fmt: skip


def canonical(unit: object) -> str:
    """Return one spelling per unit: ``um`` and ``micron`` are ``micrometer``; unknown units stay as they are."""
    text = str(unit).strip()
    return _ALIASES.get(text.lower(), text.lower() if text.lower() in METRES else text)


def symbol(unit: str) -> str | None:
    """Return the symbol of a unit (µm), or None for pixels and unknown units."""
    return _SYMBOLS.get(canonical(unit))


def metres(size: float, unit: str) -> float | None:
    """Return a length in metres, or None when the unit is not a length."""
    factor = METRES.get(canonical(unit))
    return None if factor is None or size <= 0 else size * factor

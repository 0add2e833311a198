"""What a field of a value object may hold: each check returns the tidied value or names the field and what it wants.

Numbers of NumPy become Python's own, so that every value can be written as JSON. Truth values are not numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np

from napari_cliptrase.errors import CliptraseError


class FieldError(CliptraseError):
    """A field holds a value of a wrong type or out of range."""


@contextmanager
def naming(owner: str, error_type: type[CliptraseError]) -> Iterator[None]:
    """Turn a `FieldError` inside the block into an error of the owner's own type that names the owner first."""
    try:
        yield
    except FieldError as error:
        raise error_type(f"{owner}{error}") from None


def checked_whole_number(field: str, value: object, lowest: int, highest: int) -> int:
    """Return a whole number between two limits, limits included."""
    expected = f"a whole number from {lowest} to {highest}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise _wrong(field, value, expected)
    if not lowest <= int(value) <= highest:
        raise _wrong(field, value, expected)
    return int(value)


def checked_number(field: str, value: object, lowest: float, highest: float) -> float:
    """Return a finite number between two limits, limits included."""
    expected = f"a number from {lowest:g} to {highest:g}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise _wrong(field, value, expected)
    found = int(value) if isinstance(value, Integral) else float(value)
    if not lowest <= found <= highest:  # NaN is not, either
        raise _wrong(field, value, expected)
    return found


def checked_flag(field: str, value: object) -> bool:
    """Return True or False; no other value stands for them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    raise _wrong(field, value, "true or false")


def checked_text(field: str, value: object) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise _wrong(field, value, "text")
    return str(value)


def checked_texts(field: str, value: object) -> tuple[str, ...]:
    """Return several texts; a single text is not taken for its letters."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise _wrong(field, value, "a list of texts")
    found = tuple(value)
    for entry in found:
        if not isinstance(entry, str):
            raise FieldError(f"{field} holds {shown(entry)}; it must be a list of texts.")
    return found


def shown(value: object) -> str:
    """Return a value as an error message shows it: the kind of what has no short form."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 256:
        return "a number of very many digits"
    if isinstance(value, str | Real):
        written = repr(value) if isinstance(value, str) else str(value)
        return written if len(written) <= 60 else f"{written[:57]}..."
    return f"a {type(value).__name__}"


def _wrong(field: str, value: object, expected: str) -> FieldError:
    return FieldError(f"{field} is {shown(value)}; it must be {expected}.")

"""Names that every file can hold: without control characters and broken characters, and not too long."""

import re
from typing import Final

LONGEST: Final = 1000

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BROKEN = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")  # halves of pairs, and what is not a character at all
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean_name(name: str) -> str:
    """Return a name with blanks for control characters and � for broken ones, at most `LONGEST` characters long."""
    return _BROKEN.sub(_REPLACEMENT, _CONTROL.sub(" ", name[:LONGEST]))

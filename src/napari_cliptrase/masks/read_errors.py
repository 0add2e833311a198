"""Why a mask file cannot be read, in words that do not depend on the library that failed."""

from typing import Final

DAMAGE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What reading damaged JSON raises."""

_LONGEST_REASON = 300  # characters


def read_error_text(error: Exception) -> str:
    """Return in a few words why a file cannot be read, whichever library failed."""
    text = " ".join(str(error).split()).rstrip(".").encode("utf-8", "backslashreplace").decode("utf-8")
    if len(text) > _LONGEST_REASON:
        text = f"{text[:_LONGEST_REASON]}…"
    match error:
        case KeyError():
            return f"it has no {text}"
        case TypeError() | AttributeError() | IndexError():
            return f"its data do not have the structure of the format ({text})"
        case RecursionError():
            return "it is nested too deeply"
        case MemoryError():
            return text if type(error) is MemoryError and text else "it is damaged, or larger than the memory"
        case _:
            return text or f"it is damaged ({type(error).__name__})"

"""Whether a file can hold what its header declares: checked before anything is allocated."""

from typing import Final

from napari_cliptrase.free_memory import refuse_beyond_memory

DEFLATE: Final = 1032
"""How many bytes zlib and gzip can make of one."""


def check_declared(size: int, held: int, *, ratio: int = 1) -> None:
    """Refuse pixels that a file cannot hold (ValueError) or the memory cannot (MemoryError).

    Parameters
    ----------
    size
        Bytes of the pixels, as the header declares them.
    held
        Bytes of the file, or of the part that holds the pixels.
    ratio
        How many bytes the compression can make of one.
    """
    if size < 0 or size > ratio * held + 64:  # a few bytes of padding are allowed
        raise ValueError(f"its header declares {size:,} bytes of pixels, more than its {held:,} bytes can hold")
    refuse_beyond_memory(2 * size, f"its {size:,} bytes of pixels")

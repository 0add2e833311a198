"""Which scenes no training has seen: all scores are made on these."""

from typing import Final

from napari_cliptrase.errors import CliptraseError

FIRST_VALIDATION_SEED: Final = 900_000  # no training paints from here on either, but checkpoints are chosen on these


class SeedError(CliptraseError):
    """A scene that a training may have seen."""


def held_out(first: int, scenes: int) -> range:
    """Return the seeds of the scenes, or raise when one of them is not held out."""
    if scenes < 1:
        raise SeedError(f"{scenes} scenes are too few; choose at least one.")
    if first < 0 or first + scenes > FIRST_VALIDATION_SEED:
        raise SeedError(
            f"Scenes {first} to {first + scenes - 1} are not all held out: choose seeds from 0 to "
            f"{FIRST_VALIDATION_SEED - 1}; higher ones have trained the demo models or chosen among their checkpoints."
        )
    return range(first, first + scenes)

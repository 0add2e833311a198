"""Options for stacks and films, the same for every command that segments planes."""

from typing import Annotated

import typer

from napari_cliptrase.errors import CliptraseError

ChosenPlanes = Annotated[
    str | None,
    typer.Option("--planes", help="Planes of stacks, such as 3-10, T=3-10 or T=3-10,Z=4; others stay."),
]
Smoothing = Annotated[
    float,
    typer.Option("--smooth", help="Share of the planes beside it in each plane's scores, 0 to 1; less flicker."),
]


def checked_smoothing(share: float) -> float:
    """Return the share of the neighbouring planes that a command was given, which lies from 0 to 1."""
    if not 0 <= share <= 1:
        raise CliptraseError(
            f"--smooth {share:g} is not a share of the planes before and after; give a number from 0 (none) to 1."
        )
    return share

"""Options that say which processes do the work, the same for every command."""

from typing import Annotated

import typer

from napari_cliptrase.errors import CliptraseError

Workers = Annotated[int, typer.Option(min=0, help="Processes on this computer; 0 uses this process alone.")]
Scheduler = Annotated[str | None, typer.Option(help="A dask scheduler, such as tcp://host:8786.")]


def uses_cluster(workers: int, scheduler: str | None) -> bool:
    """Whether other processes do the work; refused when both options say which."""
    if workers and scheduler is not None:
        raise CliptraseError("--workers starts a cluster and --scheduler uses one; give one of them.")
    return bool(workers) or scheduler is not None

"""napari-cliptrase models: which weights there are, and their download."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.catalog import ModelEntry, cache_folder, list_models, readable_size
from napari_cliptrase.models.sources import download_steps
from napari_cliptrase.models.verify import verify_steps
from napari_cliptrase.progress import Watch, run_to_end

app = typer.Typer(invoke_without_command=True)


ListAsJson = Annotated[bool, typer.Option("--json", help="Print the list as JSON.")]


@app.callback()
def models(context: typer.Context, as_json: ListAsJson = False) -> None:
    """List the models, their sizes, and where they are on this computer.

    Any other open_clip model works too: ARCHITECTURE/TAG, hf-hub:ORGANISATION/NAME or local-dir:FOLDER.
    """
    if context.invoked_subcommand is None:
        list_(as_json)


@app.command("list")
def list_(as_json: ListAsJson = False) -> None:
    """List the models; the same as no command."""
    typer.echo(f"Looking for models in {cache_folder()}", err=True)
    if as_json:
        typer.echo(json.dumps([_as_data(entry) for entry in list_models()], indent=1))
    else:
        _print_table()


@app.command("download")
def download_(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Models to download, as in the list.")],
) -> None:
    """Download weights, or continue a download that was stopped."""
    typer.echo(f"Looking for {', '.join(names)}", err=True)
    done: list[str] = []

    def stopped() -> str:
        left = ", ".join(names[len(done) :])
        return (
            f"Stopped. Downloaded: {', '.join(done) or 'none'}; not yet: {left}. What was downloaded so far is kept, "
            "and the same command continues from there."
        )

    with message_when_stopped(stopped):
        for name in names:
            with byte_bar(name) as watch:
                path, now = run_to_end(download_steps(name), watch)
            typer.echo(f"{name}: {'downloaded to' if now else 'already there,'} {path}")
            done.append(name)


@app.command("verify")
def verify_(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Models to check; all on this computer by default.")
    ] = None,
) -> None:
    """Read weights again and compare their SHA-256 with the published one."""
    typer.echo(f"Reading {', '.join(names) if names else 'all weights on this computer'} again", err=True)
    here = [entry for entry in list_models() if entry.path is not None]
    if not here:
        typer.echo("There are no weights on this computer yet.")
    chosen = _chosen(here, names)
    damaged, checked = [], list[str]()

    def stopped() -> str:
        left = ", ".join(entry.name for entry in chosen[len(checked) :])
        return f"Stopped. Checked: {', '.join(checked) or 'none'}; not checked: {left}. No file was changed."

    with message_when_stopped(stopped):
        for entry in chosen:
            if not _is_whole(entry):
                damaged.append(entry.name)
            checked.append(entry.name)
    if damaged:
        raise ModelError(f"Damaged: {', '.join(damaged)}; get them again with: napari-cliptrase models download NAME")


def _chosen(here: list[ModelEntry], names: list[str] | None) -> list[ModelEntry]:
    for name in names or ():
        if not any(entry.name == name for entry in here):
            raise ModelError(f"{name!r} is not on this computer; what is: {', '.join(entry.name for entry in here)}.")
    return [entry for entry in here if names is None or entry.name in names]


def _is_whole(entry: ModelEntry) -> bool:
    with byte_bar(entry.name) as watch:
        verdict = run_to_end(verify_steps(entry), watch)
    if verdict.problem:
        typer.echo(f"{entry.name}: DAMAGED, {verdict.problem}")
    elif verdict.damaged:
        typer.echo(f"{entry.name}: DAMAGED, {verdict.path}\n  has     {verdict.found}\n  must be {verdict.expected}")
    else:
        published = "whole" if verdict.expected else "it opens, but its published hash is not known"
        typer.echo(f"{entry.name}: {published}, {verdict.path}\n  SHA-256 {verdict.found}")
    return not verdict.damaged


def _as_data(entry: ModelEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "state": entry.state,
        "size_bytes": entry.size_bytes,
        "path": None if entry.path is None else str(entry.path),
        "note": entry.note,
    }


def _print_table() -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("kind")
    table.add_column("name", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("note", overflow="fold")
    colors = {"shipped": "green", "cached": "green", "to download": "yellow"}
    for entry in list_models():
        note = Text(entry.note)
        if entry.state == "cached":
            note.append(f"\n{entry.path}", style="dim")
        state = Text(entry.state, style=colors[entry.state])
        table.add_row(entry.kind, Text(entry.name), readable_size(entry.size_bytes), state, note)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\nDownloads go to {cache_folder()}", soft_wrap=True, markup=False)
    console.print("Download with: napari-cliptrase models download NAME", soft_wrap=True, markup=False)


@contextmanager
def byte_bar(name: str) -> Iterator[Watch]:
    """Show a progress bar of bytes on the terminal, on nothing else."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Bars(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        task = bars.add_task(name, total=None)
        yield lambda step: bars.update(task, completed=step.done, total=step.total or None)

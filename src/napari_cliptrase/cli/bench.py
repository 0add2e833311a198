"""napari-cliptrase bench: how fast the engine is on this computer."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from napari_cliptrase.bench.row import Row


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print the measurements as JSON.")] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="More rounds, and every prompt of open_clip's.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; torch chooses by default.")] = None,
) -> None:
    """Measure speed and memory with random weights of the shapes of ViT-B/16; nothing is downloaded.

    Times are compared with open_clip's own for the same work, within one run.
    """
    import torch

    from napari_cliptrase.bench.measure import measure, surroundings

    if threads is not None:
        torch.set_num_threads(threads)
    rows = []
    for row in measure(thorough=thorough):
        rows.append(row)
        if not as_json:
            typer.echo(f"{row.name}: {_figure(row)}", err=True)
    if as_json:
        data = {"on": surroundings(), "measurements": [row.as_data() for row in rows]}
        typer.echo(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        _print_table(rows, surroundings())


def _print_table(rows: Sequence["Row"], on: dict[str, str | int]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("measured", "ours", "compared with", "figure", "target", "", "what it is")
    for row in rows:
        theirs = "" if row.theirs is None else f"{row.theirs:.4g} {row.unit}"
        bound = f"{'≤' if row.at_most else '≥'} {row.target:g}"
        verdict = "[green]yes[/]" if row.reached else "[red]no[/]"
        table.add_row(row.name, f"{row.ours:.4g} {row.unit}", theirs, _figure(row), bound, verdict, row.note)
    console = Console()
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in on.items()), style="dim")


def _figure(row: "Row") -> str:
    return f"{row.figure:.3g} {row.unit}" if row.figure == row.ours else f"{row.figure:.2f}×"

"""napari-cliptrase bench: how fast the engine is on this computer."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_cliptrase.bench.earlier import EarlierRun
from napari_cliptrase.cli.interrupts import message_when_stopped
from napari_cliptrase.cli.work_bar import work_bar
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.bench.row import Row


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print the measurements as JSON.")] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="More rounds, and every prompt of open_clip's.")] = False,
    compare: Annotated[
        Path | None, typer.Option(help="What `bench --json` printed earlier; shows what has changed since.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads; torch chooses by default.")] = None,
) -> None:
    """Measure speed and memory with random weights of the shapes of ViT-B/16; nothing is downloaded.

    Times are compared with open_clip's own for the same work, within one run.
    """
    earlier = None if compare is None else EarlierRun.read(compare)
    long = "about ten minutes" if thorough else "about three minutes"
    typer.echo(f"Measuring speed and memory on this computer; takes {long} if nothing else is running", err=True)
    rows: list[Row] = []
    current = "nothing yet"

    def stopped() -> str:
        known = ", ".join(row.name for row in rows) or "nothing"
        return f"Stopped while it measured: {current}. Measured were: {known}."

    with message_when_stopped(stopped), work_bar("importing torch") as watch:
        import torch

        from napari_cliptrase.bench.measure import measure, surroundings

        if threads is not None:
            torch.set_num_threads(threads)
        for step in measure(thorough=thorough):
            if isinstance(step, Progress):
                current = step.text
                watch(step)
            else:
                rows.append(step)
                if not as_json:
                    typer.echo(f"{step.name}: {_figure(step)}", err=True)
    if as_json:
        measurements = [row.as_data() | _change(row, earlier) for row in rows]
        data = {"on": surroundings(), "measurements": measurements}
        typer.echo(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        _print_table(rows, surroundings(), earlier)


def _change(row: "Row", earlier: EarlierRun | None) -> dict[str, float]:
    """The figure as a multiple of the earlier one, for JSON."""
    change = None if earlier is None else earlier.change(row)
    return {} if change is None else {"change": change}


def _print_table(rows: Sequence["Row"], on: dict[str, str | int], earlier: EarlierRun | None) -> None:
    from rich.console import Console
    from rich.table import Table

    since = [] if earlier is None else ["since then"]
    table = Table("measured", "ours", "compared with", "figure", *since, "target", "", "what it is")
    for row in rows:
        theirs = "" if row.theirs is None else f"{row.theirs:.4g} {row.unit}"
        bound = f"{'≤' if row.at_most else '≥'} {row.target:g}"
        verdict = "[green]yes[/]" if row.reached else "[red]no[/]"
        change = [] if earlier is None else [_times(earlier.change(row))]
        table.add_row(row.name, f"{row.ours:.4g} {row.unit}", theirs, _figure(row), *change, bound, verdict, row.note)
    console = Console()
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in on.items()), style="dim")
    for difference in [] if earlier is None else earlier.differences(on):
        console.print(f"Not the same as then: {difference}. Figures differ for that, too.", style="yellow")


def _times(change: float | None) -> str:
    return "new" if change is None else f"{change:.2f} ×"


def _figure(row: "Row") -> str:
    return f"{row.figure:.3g} {row.unit}" if row.figure == row.ours else f"{row.figure:.2f}×"

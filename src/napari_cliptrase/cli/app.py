"""The list of subcommands.

The modules named here are imported at every start: they import torch, napari and the like only inside their functions.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from napari_cliptrase import __version__
from napari_cliptrase.cli.batch import batch
from napari_cliptrase.cli.bench import bench
from napari_cliptrase.cli.convert import convert
from napari_cliptrase.cli.demo import demo
from napari_cliptrase.cli.doctor import doctor
from napari_cliptrase.cli.evaluate import app as evaluate
from napari_cliptrase.cli.explain import explain
from napari_cliptrase.cli.export import export
from napari_cliptrase.cli.interrupts import Stopped
from napari_cliptrase.cli.large import large
from napari_cliptrase.cli.learn import learn
from napari_cliptrase.cli.models import app as models
from napari_cliptrase.cli.refine import refine
from napari_cliptrase.cli.segment import segment


class _Commands(TyperGroup):
    """Subcommands; Ctrl-C in one of them ends with a sentence on what is unfinished."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Stopped.unfinished() from None


app = typer.Typer(
    name="napari-cliptrase",
    cls=_Commands,
    help="Type class names, get a mask per class. Start with: napari-cliptrase demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"napari-cliptrase {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Segment images by class names."""


app.command()(demo)
app.command()(segment)
app.command()(large)
app.command()(batch)
app.command()(learn)
app.command()(export)
app.command()(convert)
app.command()(refine)
app.add_typer(models, name="models")
app.add_typer(evaluate, name="evaluate")
app.command()(explain)
app.command()(doctor)
app.command()(bench)

"""The list of subcommands.

A start imports the module of the subcommand that is asked for alone; the list shows what stands here.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from napari_cliptrase import __version__
from napari_cliptrase.cli.deferred_command import DeferredCommand
from napari_cliptrase.cli.interrupts import Stopped

COMMANDS = {
    "demo": "Show what it does, on a painted scene with the model that ships: nothing is downloaded.",
    "segment": "Segment images by class names: one mask per image, and what is in it.",
    "large": "Segment one large image, part by part: it need not fit into memory.",
    "batch": "Segment a folder of images into a project, and go on where it was interrupted.",
    "learn": "Learn classes from images with masks, for names that a model does not know.",
    "export": "Export masks to the format another tool reads, and say what it cannot keep.",
    "convert": "Convert masks between two formats.",
    "refine": "Sharpen the boundaries of a mask along the image.",
    "explain": "Draw what happens to an image: attention, class token, recovery, regions, labels.",
    "doctor": "Check the installation; exit code 1 when something has to be fixed.",
    "bench": "Measure speed and memory with random weights of the shapes of ViT-B/16; nothing is downloaded.",
    "models": "List the models, their sizes, and where they are on this computer.",
    "evaluate": "Score methods on painted scenes, on benchmarks, or on images of your own.",
}
"""What the list says of each subcommand: the first sentence of its own help."""

GROUPS = {"models", "evaluate"}
"""Those with subcommands of their own; the others are functions of the same name."""


def command_module(name: str) -> str:
    """Return the module of a subcommand."""
    return f"napari_cliptrase.cli.{name}"


class _Commands(TyperGroup):
    """Subcommands; Ctrl-C in one of them ends with a sentence on what is unfinished."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, summary in COMMANDS.items():
            target = f"{command_module(name)}:{'app' if name in GROUPS else name}"
            self.add_command(DeferredCommand(name, target, summary))

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

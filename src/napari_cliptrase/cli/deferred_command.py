"""A subcommand that is listed without its module, which is imported when the subcommand is asked for."""

from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from napari_cliptrase.cli.interrupts import Stopped, message_when_stopped


class DeferredCommand(TyperCommand):
    """What the list of subcommands shows of one; any use of it imports the real command.

    Parameters
    ----------
    name
        The word on the command line.
    target
        Where the command stands: ``module:name`` of a function, or of a `typer.Typer` with subcommands of its own.
    summary
        The first sentence of its help.
    """

    def __init__(self, name: str, target: str, summary: str) -> None:
        super().__init__(name, help=summary)
        self.target = target

    def load(self) -> TyperCommand | TyperGroup:
        """Import the real command."""
        module, _, name = self.target.partition(":")
        with message_when_stopped(lambda: str(Stopped.early())):
            found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = self.name
            return group
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        alone.command(self.name)(found)
        return cast(TyperCommand, typer.main.get_command(alone))

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the arguments with the real command, which then runs."""
        return self.load().make_context(info_name, args, parent, **extra)

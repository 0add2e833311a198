"""napari-cliptrase doctor: what is installed, what is missing, and the command that fixes it."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from napari_cliptrase.cli.checks import Finding, all_findings

_MARKS = {"ok": ("ok", "green"), "note": ("--", "yellow"), "bad": ("NO", "red")}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check the installation; exit code 1 when something has to be fixed.

    Paste its output into a bug report.
    """
    findings = list(all_findings())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _print(findings)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    width = max(len(finding.topic) for finding in findings)
    for finding in findings:
        mark, color = _MARKS[finding.state]
        line = Text(f"{mark}  ", style=color).append(f"{finding.topic:{width}}  {finding.text}", style="default")
        # not wrapped, so that commands and paths can be copied
        console.print(line, soft_wrap=True)
        if finding.cure:
            console.print(Text(f"{'':{width + 6}}-> {finding.cure}", style="bold"), soft_wrap=True)
    bad = sum(finding.state == "bad" for finding in findings)
    words = "Everything needed is there." if not bad else f"{bad} thing{'s' * (bad > 1)} to fix (marked NO)."
    console.print(Text(words, style="bold red" if bad else "bold green"))

"""napari-cliptrase doctor: what is installed, what is missing, and the command that fixes it."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from napari_cliptrase.cli.checks import WIDEST, Finding, all_findings
from napari_cliptrase.cli.interrupts import message_when_stopped

_MARKS = {"ok": ("ok", "green"), "note": ("--", "yellow"), "bad": ("NO", "red")}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check the installation; exit code 1 when something has to be fixed.

    Paste its output into a bug report.
    """
    typer.echo("Checking the installation", err=True)
    findings: list[Finding] = []
    with message_when_stopped(lambda: f"Stopped after {len(findings)} findings; the report is not complete."):
        for finding in all_findings():
            findings.append(finding)
            if not as_json:
                _print(finding)
    bad = sum(finding.state == "bad" for finding in findings)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        words = "Everything needed is there." if not bad else f"{bad} thing{'s' * (bad > 1)} to fix (marked NO)."
        typer.secho(words, bold=True, fg="red" if bad else "green")
    if bad:
        raise typer.Exit(1)


def _print(finding: Finding) -> None:
    mark, color = _MARKS[finding.state]
    # not wrapped, so that commands and paths can be copied
    typer.echo(f"{typer.style(mark, fg=color)}  {finding.topic:{WIDEST}}  {finding.text}")
    if finding.cure:
        typer.secho(f"{'':{WIDEST + 6}}-> {finding.cure}", bold=True)

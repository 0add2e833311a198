"""Options that say which model runs, where and in which numbers, the same for every command."""

from typing import Annotated

import typer

from napari_cliptrase.models.catalog import DEFAULT_SAM

ClipName = Annotated[str, typer.Option("--model", "-m", help="CLIP, see: napari-cliptrase models")]
SamForRefine = Annotated[str | None, typer.Option("--sam", help=f"SAM for --refine; {DEFAULT_SAM}, or demo with demo.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Precision = Annotated[str, typer.Option(help="auto, fp32, fp16, bf16 or int8.")]

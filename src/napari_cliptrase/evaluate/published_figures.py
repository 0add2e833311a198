"""Figures that others have published, to stand beside one's own."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol
from napari_cliptrase.json_file import parse_json


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]]:
    path = files("napari_cliptrase.evaluate.datasets").joinpath("published.json")
    table: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]] = parse_json(path.read_bytes())
    return table


def published_figures(key: str, protocol: EvaluationProtocol, size: int, row: str) -> Mapping[str, float]:
    """Return figures in percent by their names, such as ``mIoU``; empty where none is known.

    Those of the paper protocol are for OpenAI's ViT-B/16 at 224 and 336 pixels; those of the full one for the same
    model in windows of others' choosing.
    """
    figures = _table().get(key, {}).get(str(protocol), {})
    return figures.get(str(size) if protocol is EvaluationProtocol.PAPER else "any", {}).get(row, {})

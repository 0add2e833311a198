"""Weights of a file into a CLIP network: all of them and no others, or an error that names them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from napari_cliptrase.cliptrase.clip_network import ClipNetwork
from napari_cliptrase.cliptrase.clip_shape import ClipShape
from napari_cliptrase.errors import ModelError

_NOT_TEXT = ("visual.", "text.", "logit_")


def build_plain(shape: ClipShape, weights: Mapping[str, Tensor], dtype: torch.dtype, title: str) -> ClipNetwork:
    """Return a plain CLIP with ``weights`` in it, on the CPU; every weight of the model must be among them.

    Files name the weights of the text side with ``text.`` in front, or without.
    """
    with torch.device("meta"):
        network = ClipNetwork(shape)
    short = "positional_embedding" in weights
    named = {name if name.startswith(_NOT_TEXT) or not short else f"text.{name}": weights[name] for name in weights}
    network.load_state_dict(fit(network, named, title, hidden_prefix="text." if short else ""), assign=True)
    if dtype != torch.float32:
        network.lower_precision(dtype)
    network.eval().requires_grad_(False)
    return network


def fit(network: nn.Module, weights: Mapping[str, Tensor], title: str, hidden_prefix: str = "") -> dict[str, Tensor]:
    """Return the weights in the network's number type; raises unless they are the network's.

    ``hidden_prefix`` is left out of names in the error, where the file has names without it.
    """
    expected = network.state_dict()
    # tables that older versions saved; the model computes them
    unknown = [name for name in weights if name not in expected and not name.endswith("position_ids")]
    missing = [name for name in expected if name not in weights]
    fitting, wrong = {}, []
    for name in expected.keys() & weights.keys():
        own, given = expected[name], weights[name]
        if given.numel() == 1 and own.numel() == 1:
            given = given.reshape(own.shape)  # some files keep the scale as a list of one
        if given.shape != own.shape:
            wrong.append(f"{name.removeprefix(hidden_prefix)} is {_size(given)} instead of {_size(own)}")
        # a copy: the file may be replaced while the model is in use
        fitting[name] = given.to(own.dtype, copy=True)
    if missing or unknown or wrong:
        missing, unknown = ([name.removeprefix(hidden_prefix) for name in group] for group in (missing, unknown))
        raise ModelError(f"The weights do not fit {title}: {'; '.join(_faults(missing, unknown, sorted(wrong)))}.")
    return fitting


def _faults(missing: list[str], unknown: list[str], wrong: list[str]) -> list[str]:
    faults = []
    for names, words in ((missing, "missing"), (unknown, "unknown")):
        if names:
            more = f" and {len(names) - 2} more" if len(names) > 2 else ""
            faults.append(f"{words}: {', '.join(names[:2])}{more}")
    if wrong:
        faults.append(wrong[0] + (f" and {len(wrong) - 1} more of other sizes" if len(wrong) > 1 else ""))
    return faults


def _size(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a single number"

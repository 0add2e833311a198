"""Matrix products with a weight, by the fastest route that torch offers for it."""

import platform
from functools import cache
from itertools import islice

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.cliptrase.int8_weight import Int8Weight

Weight = Tensor | Int8Weight
"""(out, in)"""


def linear(x: Tensor, weight: Weight, bias: Tensor | None = None) -> Tensor:
    """``x @ weight.T + bias``: x (..., n), weight (m, n), bias (m,) -> (..., m).

    Torch multiplies float32 matrices on CPUs with MKL. On some processors of other vendors than Intel, that reaches
    half of what oneDNN reaches on the same tensors, and the copies into and out of oneDNN's layout cost far less than
    that. On Intel's, MKL is a little faster, and nothing is copied.
    """
    if isinstance(weight, Int8Weight):
        return weight.times(x, bias)
    if _onednn(x):
        return F.linear(x.to_mkldnn(), weight, bias).to_dense()
    return F.linear(x, weight, bias)


def _onednn(x: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")  # which asks for other numbers than float32
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and not mkl_is_at_home()
    )


@cache
def mkl_is_at_home() -> bool:
    """Whether torch has MKL, and the processor is Intel's."""
    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        with open("/proc/cpuinfo") as lines:
            return any(line.startswith("vendor_id") and "GenuineIntel" in line for line in islice(lines, 30))
    except OSError:
        return "GenuineIntel" in platform.processor()  # Windows

"""From the correlation of all tokens to the affinity of patches."""

from torch import Tensor

from napari_cliptrase.cliptrase.options import Denoise


def affinity(correlation: Tensor, mode: Denoise = Denoise.CLS_SUBTRACT) -> Tensor:
    """(..., 1+L, 1+L) correlation, class token first, to (..., L, L) in [0, 1]: row i says what patch i belongs with.

    With `Denoise.CLS_SUBTRACT` column j is lowered by how much patch j resembles the class token, so the result is not
    symmetric. `Denoise.CLUSTER_REJECT` denoises later, see `regions.reject_global`.
    """
    patches = correlation[..., 1:, 1:]
    if mode == Denoise.CLS_SUBTRACT:
        patches = patches - correlation[..., :1, 1:]
    return patches.clamp(min=0)

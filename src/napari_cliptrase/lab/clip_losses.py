"""What the demo CLIP learns by: captions against patches and against the class token; no masks."""

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_cliptrase.lab.language import Captions


def presence_loss(patches: Tensor, prompts: Tensor, truth: Tensor, scale: float = 20.0, top: float = 0.05) -> Tensor:
    """Cross-entropy of what a caption names with what patches show.

    patches (B, n, d) and prompts (K, d) are unit rows. The prompts compete for each patch in a softmax; a prompt is as
    present as its best patches say (mean of the top share); truth (B, K) is 1, 0, or -1 where nothing is said.
    """
    share = (scale * patches @ prompts.t()).softmax(-1)
    best = max(round(top * share.shape[1]), 3)
    present = share.topk(best, dim=1).values.mean(1).clamp(1e-6, 1 - 1e-6)
    named, unnamed = truth == 1, truth == 0
    return -(present.log()[named].sum() + (-present).log1p()[unnamed].sum()) / named.sum().clamp(min=1)


def extent_loss(patches: Tensor, prompts: Tensor, extents: Tensor, scale: float = 20.0) -> Tensor:
    """Cross-entropy of how much of a crop its caption says that each prompt covers with the mean over its patches.

    patches (B, n, d) and prompts (K, d) are unit rows; extents (B, K) are shares in tenths, each row of sum 1.
    """
    covered = (scale * patches @ prompts.t()).softmax(-1).mean(1).clamp(min=1e-6)
    return -(extents * covered.log()).sum(1).mean()


def region_loss(correlation: Tensor, shares: Tensor) -> Tensor:
    """Bring the correlation of patches (B, n, n) to the model's own opinion of whether they show the same.

    ``shares`` (B, n, K) are what each patch shows, by the prompts of the step, without gradient.
    """
    root = shares.sqrt()
    return F.mse_loss(correlation, root @ root.transpose(1, 2))


def caption_loss(images: Tensor, texts: Tensor, captions: Captions, scale: float) -> Tensor:
    """CLIP's loss in both directions; the target is shared among all captions that are true of an image.

    ``images`` is (images, d) and ``texts`` (captions, d), unit rows.
    """
    truth = torch.from_numpy(captions.truth).float().to(images.device)  # captions, images
    logits = scale * texts @ images.t()
    by_text = -(logits.log_softmax(1) * truth / truth.sum(1, keepdim=True)).sum(1).mean()
    by_image = -(logits.log_softmax(0) * truth / truth.sum(0, keepdim=True).clamp(min=1)).sum(0).mean()
    return 0.5 * (by_text + by_image)

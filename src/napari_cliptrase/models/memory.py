"""Memory of devices: how much is free, and giving it back."""

import gc

import torch
from torch import nn

from napari_cliptrase.free_memory import free_memory


def free_on(device: torch.device) -> int | None:
    """Return about how many bytes can be had on a device, or None where the system does not say."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    return free_memory()


def release(network: nn.Module, device: torch.device) -> None:
    """Free the memory of a network's weights at once, even while others hold it; it cannot be used again."""
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data = tensor.data.new_empty(0)
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()

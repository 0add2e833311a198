"""How much memory is free on a device."""

import torch

from napari_cliptrase.free_memory import free_memory


def free_on(device: torch.device) -> int | None:
    """Return about how many bytes can be had on a device, or None where the system does not tell."""
    if device.type == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    return free_memory()

import os

import pytest
import torch

from napari_cliptrase.models.memory import free_memory, free_on


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell")
def test_free_memory_is_part_of_what_is_built_in() -> None:
    free = free_memory()
    assert free is not None
    assert 0 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_the_processor_works_in_the_memory_of_the_computer() -> None:
    assert free_on(torch.device("cpu")) == pytest.approx(free_memory(), rel=0.3)

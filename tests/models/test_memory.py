import pytest
import torch

from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.models.memory import free_on


def test_the_processor_works_in_the_memory_of_the_computer() -> None:
    assert free_on(torch.device("cpu")) == pytest.approx(free_memory(), rel=0.3)

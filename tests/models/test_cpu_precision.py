import json

import pytest
import torch

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import cpu_precision
from napari_cliptrase.models.cpu_precision import PRECISION_VARIABLE, cpu_dtype, share_of_time


@pytest.fixture
def trials(monkeypatch, tmp_path):
    """A processor with bfloat16 whose trials give the shares in the list, one after the other."""
    monkeypatch.delenv(PRECISION_VARIABLE)
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    shares = []
    monkeypatch.setattr(cpu_precision, "has_bfloat16", lambda: True)
    monkeypatch.setattr(cpu_precision, "share_of_time", lambda: shares.pop(0))
    return shares


def test_a_processor_that_is_faster_with_bfloat16_gets_it_and_one_that_is_not_does_not(trials, tmp_path):
    trials.append(0.45)
    assert cpu_dtype() == torch.bfloat16
    (tmp_path / "processor.json").unlink()
    trials.append(1.5)
    assert cpu_dtype() == torch.float32


def test_it_is_tried_once_and_remembered_also_when_the_next_trial_would_say_otherwise(trials):
    trials += [0.5, 1.5]
    assert [cpu_dtype(), cpu_dtype()] == [torch.bfloat16, torch.bfloat16]
    assert trials == [1.5]


@pytest.mark.parametrize("damage", ["", "[", "[1]", '{"other": "x"}', "\0"])
def test_a_damaged_memory_is_written_anew(trials, tmp_path, damage):
    (tmp_path / "processor.json").write_text(damage)
    trials.append(0.5)
    assert cpu_dtype() == torch.bfloat16
    assert list(json.loads((tmp_path / "processor.json").read_text()).values()) == [0.5]


def test_another_processor_or_torch_is_tried_anew(trials, monkeypatch):
    trials += [0.5, 1.5]
    assert cpu_dtype() == torch.bfloat16
    monkeypatch.setattr(cpu_precision, "processor_name", lambda: "another")
    assert cpu_dtype() == torch.float32


def test_a_cache_folder_that_cannot_be_written_does_no_harm(trials, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "file"))
    trials += [0.5, 0.5]
    assert [cpu_dtype(), cpu_dtype()] == [torch.bfloat16, torch.bfloat16]


def test_the_environment_decides_and_a_wrong_word_is_an_error(trials, monkeypatch):
    monkeypatch.setenv(PRECISION_VARIABLE, "bf16")
    assert cpu_dtype() == torch.bfloat16
    monkeypatch.setenv(PRECISION_VARIABLE, "fp32")
    assert cpu_dtype() == torch.float32
    monkeypatch.setenv(PRECISION_VARIABLE, "half")
    with pytest.raises(ModelError, match="NAPARI_CLIPTRASE_PRECISION is 'half'; set it to fp32 or bf16"):
        cpu_dtype()


def test_a_processor_without_bfloat16_is_not_tried(trials, monkeypatch):
    monkeypatch.setattr(cpu_precision, "has_bfloat16", lambda: False)
    assert cpu_dtype() == torch.float32


def test_the_trial_itself_takes_the_same_product_in_both():
    assert 0 < share_of_time() < 1000

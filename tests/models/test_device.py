import json
from collections.abc import Callable

import pytest
import torch

from napari_cliptrase.errors import ModelError
from napari_cliptrase.free_memory import free_memory
from napari_cliptrase.models import device as devices
from napari_cliptrase.models.device import PRECISION_VARIABLE, cpu_dtype, fall_back, free_on, place, share_of_time


@pytest.fixture
def cpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def compute(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], torch.Tensor]], None]:
    """A computer with graphics cards, on which ``torch.ones`` does what is told."""

    def choose(ones: Callable[[], torch.Tensor]) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Card 9000")
        monkeypatch.setattr(torch, "ones", lambda *size, **how: ones())

    return choose


def no_kernel() -> torch.Tensor:
    raise RuntimeError("no kernel image.\nCompile with DSA to enable assertions.")


def test_auto_takes_the_cpu_in_fp32_and_says_so(cpu_only: None) -> None:
    placement = place()
    assert (placement.device.type, placement.dtype) == ("cpu", torch.float32)
    assert placement.note.startswith("Runs on the CPU (")
    assert placement.note.endswith("with fp32.")


def test_a_broken_card_is_left_out_with_the_reason(compute: Callable[..., None]) -> None:
    compute(no_kernel)
    placement = place()
    assert placement.device.type == "cpu"
    assert "because cuda does not work (no kernel image) and mps does not work (no kernel image)" in placement.note
    with pytest.raises(ModelError, match=r"Device cuda does not work \(no kernel image\); choose auto or cpu\."):
        place("cuda")


def test_a_card_that_computes_wrong_sums_is_left_out(compute: Callable[..., None]) -> None:
    compute(lambda: torch.zeros(2))
    assert "because cuda computes wrong sums" in place().note


def test_a_card_that_works_is_taken_with_fp16(compute: Callable[..., None]) -> None:
    two = torch.ones(2)
    compute(lambda: two)
    placement = place()
    assert (placement.device.type, placement.dtype) == ("cuda", torch.float16)
    assert placement.note == "Runs on Card 9000 (cuda) with fp16."
    assert place("mps").dtype == torch.float32


def test_devices_that_are_not_there_are_errors(cpu_only: None) -> None:
    for name in ("cuda", "cuda:3", "mps"):
        with pytest.raises(ModelError, match="is not available; choose auto or cpu"):
            place(name)
    for name in ("gpu", "", "cuda:x"):
        with pytest.raises(ModelError, match="is not a device"):
            place(name)


def test_int8_is_for_the_processor_and_built_from_float32(compute: Callable[..., None]) -> None:
    two = torch.ones(2)
    compute(lambda: two)
    placement = place("cpu", "int8")
    assert (placement.dtype, placement.built_in) == (torch.int8, torch.float32)
    assert placement.note.endswith("with int8.")
    with pytest.raises(ModelError, match=r"Precision int8 is for the CPU; on cuda choose fp16, bf16 or fp32\."):
        place("auto", "int8")


def test_precisions(cpu_only: None) -> None:
    assert place("cpu", "bf16").dtype == torch.bfloat16
    with pytest.raises(ModelError, match="fp16 is for graphics cards"):
        place("cpu", "fp16")
    with pytest.raises(ModelError, match="'fp8' is not a precision; choose auto, fp32, fp16, bf16, int8"):
        place("cpu", "fp8")


def test_fall_back_says_why(cpu_only: None) -> None:
    failed = devices.Placement(torch.device("cuda"), torch.float16, "")
    for precision, dtype in (("auto", torch.float32), ("fp16", torch.float32), ("bf16", torch.bfloat16)):
        placement = fall_back(failed, precision, "is full")
        assert (placement.device.type, placement.dtype) == ("cpu", dtype)
        assert "because cuda is full" in placement.note


def test_the_processor_works_in_the_memory_of_the_computer() -> None:
    assert free_on(torch.device("cpu")) == pytest.approx(free_memory(), rel=0.3)


@pytest.fixture
def trials(monkeypatch, tmp_path):
    """A processor with bfloat16 whose trials give the shares in the list, one after the other."""
    monkeypatch.delenv(PRECISION_VARIABLE)
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    shares = []
    monkeypatch.setattr(devices, "has_bfloat16", lambda: True)
    monkeypatch.setattr(devices, "share_of_time", lambda: shares.pop(0))
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
    monkeypatch.setattr(devices, "processor_name", lambda: "another")
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
    monkeypatch.setattr(devices, "has_bfloat16", lambda: False)
    assert cpu_dtype() == torch.float32


def test_the_trial_itself_takes_the_same_product_in_both():
    assert 0 < share_of_time() < 1000

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from napari_cliptrase.lab import sam_training as training
from napari_cliptrase.lab.sam_training import CHECKPOINT, SamTraining, train
from napari_cliptrase.models.load import load_sam
from napari_cliptrase.models.sam_network import SamShape

SHORT = SamTraining(naming_steps=1, naming_pictures=2, steps=3, pictures=1, regions=2, warmup=1)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    shape = SamShape(64, 8, 32, 2, 64, (4, 0), 32, decoder_mlp_width=32, iou_width=32)
    monkeypatch.setattr(training, "DEMO_SHAPE", shape)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _weights(path: Path) -> dict[str, torch.Tensor]:
    tensors: dict[str, torch.Tensor] = load_sam(str(path), "cpu").module.state_dict()
    return tensors


def _equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_equal_settings_give_equal_weights_and_another_seed_others(tmp_path: Path) -> None:
    one = _weights(train(tmp_path / "a", SHORT, log=lambda _: None))
    again = _weights(train(tmp_path / "b", SHORT, log=lambda _: None))
    other = _weights(train(tmp_path / "c", SamTraining(**{**SHORT.__dict__, "seed": 1}), log=lambda _: None))
    assert _equal(one, again)
    assert not _equal(one, other)


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _weights(train(tmp_path / "whole", SHORT, log=lambda _: None))
    real, calls = training.example_loss, []

    def interrupted(*arguments: object) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "example_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", SHORT, log=lambda _: None, checkpoint_every=2)
    assert (tmp_path / "parts" / CHECKPOINT).exists()
    monkeypatch.setattr(training, "example_loss", real)
    logged: list[str] = []
    parts = _weights(train(tmp_path / "parts", SHORT, log=logged.append, checkpoint_every=2))
    assert logged == ["Going on from step 2."]
    assert _equal(whole, parts)


def test_other_settings_start_again(tmp_path: Path) -> None:
    train(tmp_path, SHORT, log=lambda _: None)
    logged: list[str] = []
    train(tmp_path, SamTraining(**{**SHORT.__dict__, "rate": 1e-4}), log=logged.append)
    assert "other settings; starting over" in logged[0]

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.sam_checkpoint import MOBILE_MARK, is_mobile, read_sam_tensors

WEIGHTS = {"image_encoder.pos_embed": torch.ones(1, 2, 2, 4), "mask_decoder.iou_token.weight": torch.zeros(1, 4)}


def _prefixed(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in WEIGHTS.items()}


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        _prefixed("module."),
        {"model_state": _prefixed("sam."), "optimizer_state": {"step": 3}, "epoch": 7, "best_metric": 0.5},
        {"state_dict": _prefixed("model.")},
        {"model": _prefixed("module."), "epoch": 3, "optimizer": {"param_groups": []}},
        {"state_dict": _prefixed("module.sam_model.")},
    ],
)
def test_weights_are_found_in_every_wrapper(tmp_path: Path, content: dict[str, Any]) -> None:
    torch.save(content, tmp_path / "sam.pth")
    found = read_sam_tensors(tmp_path / "sam.pth")
    assert found.keys() == WEIGHTS.keys()
    assert torch.equal(found["image_encoder.pos_embed"], WEIGHTS["image_encoder.pos_embed"])


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(_prefixed("sam."), tmp_path / "sam.safetensors")
    assert read_sam_tensors(tmp_path / "sam.safetensors").keys() == WEIGHTS.keys()


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("mask_decoder.hf_token.weight", "is an HQ-SAM checkpoint"),
        ("image_encoder.trunk.pos_embed", "is a SAM 2 checkpoint"),
        ("sam_mask_decoder.iou_token.weight", "is a SAM 2 checkpoint"),
        ("detector.backbone.vision_backbone.trunk.pos_embed", "is a SAM 3 checkpoint"),
    ],
)
def test_relatives_are_refused_with_the_reason(tmp_path: Path, mark: str, said: str) -> None:
    torch.save({"model": {**WEIGHTS, mark: torch.zeros(1)}}, tmp_path / "other.pt")
    with pytest.raises(ModelError, match=f"other.pt {said}.*; use .*SAM"):
        read_sam_tensors(tmp_path / "other.pt")


def test_mobile_sam_is_recognised() -> None:
    assert is_mobile({MOBILE_MARK: torch.zeros(1)})
    assert not is_mobile(WEIGHTS)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"visual.conv1.weight": torch.zeros(3)}, tmp_path / "clip.pt")
    with pytest.raises(ModelError, match=r"clip.pt is no segment-anything checkpoint \(it has no mask decoder\)"):
        read_sam_tensors(tmp_path / "clip.pt")


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, [torch.zeros(2)], torch.zeros(2)])
def test_files_without_named_weights_are_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "odd.pt")
    with pytest.raises(ModelError, match=r"odd.pt holds no weights by name"):
        read_sam_tensors(tmp_path / "odd.pt")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_truncated_files_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    if suffix == ".pth":
        torch.save(WEIGHTS, path)
    else:
        save_file(WEIGHTS, path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match=rf"cut\{suffix} cannot be read as a SAM checkpoint .*; download it again"):
        read_sam_tensors(path, "download it again")


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x89PNG....", bytes(200)])
def test_files_of_another_kind_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"page\.pth cannot be read as a SAM checkpoint"):
        read_sam_tensors(tmp_path / "page.pth")


@pytest.mark.parametrize("content", [b"", b"hello", b"<html>404</html>"])
def test_a_file_that_is_no_pytorch_file_is_called_that(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"page\.pth .*\(it is no PyTorch file\)"):
        read_sam_tensors(tmp_path / "page.pth")


class _Dangerous:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_a_file_with_code_is_not_opened(tmp_path: Path) -> None:
    torch.save({**WEIGHTS, "config": _Dangerous(tmp_path / "run")}, tmp_path / "evil.pth")
    with pytest.raises(ModelError, match="could run code, so it is not opened"):
        read_sam_tensors(tmp_path / "evil.pth")
    with (tmp_path / "plain.pth").open("wb") as stream:
        pickle.dump(_Dangerous(tmp_path / "run"), stream)
    with pytest.raises(ModelError, match=r"plain\.pth"):
        read_sam_tensors(tmp_path / "plain.pth")
    assert not (tmp_path / "run").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no SAM checkpoint .*nowhere\.pth"):
        read_sam_tensors(tmp_path / "nowhere.pth")

import hashlib
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from segment_anything import SamPredictor, sam_model_registry
from torch import nn

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import catalog, sam_network
from napari_cliptrase.models.load import load_sam, load_sam_steps
from napari_cliptrase.models.sam_network import MOBILE_MARK, SamShape, build_sam
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.sam_decoder import DecoderPrompts, decode_masks
from napari_cliptrase.refine.store import EmbeddingStore
from napari_cliptrase.refine.timings import Timings

SMALL = SamShape(64, 8, 32, 2, 64, (4, 0), 32, decoder_mlp_width=32, iou_width=32)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def small() -> nn.Module:
    torch.manual_seed(0)
    return build_sam(SMALL)


def test_a_local_checkpoint_is_recognised_by_its_tensors(tmp_path: Path, small: nn.Module) -> None:
    path = tmp_path / "mine.pth"
    torch.save({"model_state": {f"sam.{k}": v for k, v in small.state_dict().items()}}, path)
    model = load_sam(str(path), "cpu")
    assert model.image_size == 64
    assert model.mask_size == 32
    assert model.weights_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert "2 blocks of width 32" in model.notes[0]
    assert "CPU" in model.notes[1]
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, small.state_dict()[name])
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert not model.module.training


def test_half_precision_weights_are_used_in_full_precision(tmp_path: Path, small: nn.Module) -> None:
    path = tmp_path / "half.safetensors"
    save_file({name: tensor.half() for name, tensor in small.state_dict().items()}, path)
    model = load_sam(str(path), "cpu")
    assert {tensor.dtype for tensor in model.module.state_dict().values()} == {torch.float32}


def test_only_the_encoder_takes_the_smaller_number_type(tmp_path: Path, small: nn.Module) -> None:
    path = tmp_path / "mine.pth"
    torch.save(small.state_dict(), path)
    model = load_sam(str(path), "cpu", "bf16")
    assert model.dtype == torch.bfloat16
    parts = {name.split(".")[0]: tensor.dtype for name, tensor in model.module.named_parameters()}
    assert parts == {
        "image_encoder": torch.bfloat16,
        "prompt_encoder": torch.float32,
        "mask_decoder": torch.float32,
    }
    embedder = Embedder(model, EmbeddingStore(tmp_path / "e"), Timings(tmp_path / "t.json"))
    embedding = embedder.embed(np.zeros((30, 40, 3), np.uint8))
    answers = decode_masks(
        model, embedding, DecoderPrompts(np.ones((1, 1, 2), np.float32), np.ones((1, 1), np.float32)), several=True
    )
    assert answers.logits.dtype == torch.float32
    assert answers.logits.isfinite().all()


def test_a_changed_network_is_refused_by_the_tensor_that_does_not_fit(tmp_path: Path, small: nn.Module) -> None:
    tensors = dict(small.state_dict())
    tensors["image_encoder.blocks.0.adapter.weight"] = torch.zeros(3)
    torch.save(tensors, tmp_path / "adapted.pth")
    with pytest.raises(ModelError, match=r"adapted.pth .*does not fit .*adapter.*only unchanged SAM networks"):
        load_sam(str(tmp_path / "adapted.pth"), "cpu")


@pytest.mark.parametrize(
    "odd",
    [
        {"image_encoder.patch_embed.proj.weight": torch.ones(4)},
        {"image_encoder.pos_embed": torch.ones(1)},
        {"image_encoder.blocks.0.attn.rel_pos_h": torch.ones(7, 99)},
        {"image_encoder.blocks.one.attn.rel_pos_h": torch.ones(7, 4)},
    ],
)
def test_tensors_of_impossible_shapes_are_refused_in_words(
    tmp_path: Path, small: nn.Module, odd: dict[str, torch.Tensor]
) -> None:
    torch.save({**small.state_dict(), **odd}, tmp_path / "odd.pth")
    with pytest.raises(ModelError, match=r"odd\.pth is not a segment-anything checkpoint \(its tensors have shapes"):
        load_sam(str(tmp_path / "odd.pth"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, small: nn.Module, value: float) -> None:
    tensors = {name: tensor.clone() for name, tensor in small.state_dict().items()}
    tensors["mask_decoder.iou_token.weight"][0, 0] = value
    torch.save(tensors, tmp_path / "failed.pth")
    with pytest.raises(ModelError, match=r"failed\.pth holds values that are not numbers \(in mask_decoder\.iou_token"):
        load_sam(str(tmp_path / "failed.pth"))


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(ModelError, match="'vit_x' is not a SAM model; choose one of demo, vit_b, vit_l, vit_h"):
        load_sam("vit_x")
    with pytest.raises(ModelError, match=r"There is no SAM checkpoint .*gone\.pth"):
        load_sam("gone.pth")


def _published(monkeypatch: pytest.MonkeyPatch, path: Path, sha256: str | None = None) -> None:
    """Make a file on the disk what ``vit_b`` downloads."""
    sha256 = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    file = catalog.Checkpoint(path.as_uri(), "sam_vit_b_01ec64.pth", sha256, path.stat().st_size)
    entries = tuple(replace(e, checkpoint=file) if e.name == "vit_b" else e for e in catalog.SAM_MODELS)
    monkeypatch.setattr(catalog, "SAM_MODELS", entries)


def test_a_published_checkpoint_is_downloaded_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small: nn.Module
) -> None:
    source = tmp_path / "server.pth"
    torch.save(small.state_dict(), source)
    _published(monkeypatch, source)
    size = source.stat().st_size
    reported: list[Progress] = []
    run_to_end(load_sam_steps("vit_b", "cpu"), reported.append)
    assert Progress(size, size, "vit_b: downloading sam_vit_b_01ec64.pth", "bytes") in reported
    assert (tmp_path / "cache" / "sam" / "sam_vit_b_01ec64.pth").exists()
    source.unlink()
    load_sam("vit_b", "cpu")


def test_a_cached_checkpoint_with_another_hash_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small: nn.Module
) -> None:
    cached = tmp_path / "cache" / "sam" / "sam_vit_b_01ec64.pth"
    cached.parent.mkdir(parents=True)
    torch.save(small.state_dict(), cached)  # a fine SAM, but not the published one
    with pytest.raises(ModelError, match=r"sam_vit_b_01ec64.pth is damaged: its SHA-256 is .* instead of ec2df62732"):
        load_sam("vit_b", "cpu")
    assert cached.exists()


def test_loading_is_reported_step_by_step(tmp_path: Path, small: nn.Module) -> None:
    path = tmp_path / "mine.pth"
    torch.save(small.state_dict(), path)
    reported = [step.text.removeprefix(f"{path}: ") for step in load_sam_steps(path, "cpu")]
    words = ["looking for the model", "checking mine.pth", "reading the weights", "building the model"]
    assert list(dict.fromkeys(reported)) == words


@pytest.mark.parametrize("name", [None, 3, b"demo", ["demo"]])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(ModelError, match="load_sam needs the name of a model as text"):
        load_sam(name)


def test_mobile_sam_needs_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "mobile_sam.pt"
    torch.save({MOBILE_MARK: torch.zeros(1), "mask_decoder.a": torch.zeros(1)}, path)
    monkeypatch.setitem(sys.modules, "mobile_sam", None)
    monkeypatch.setattr(sam_network, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="is a MobileSAM checkpoint, which needs its own package: pip install"):
        load_sam(str(path), "cpu")


def test_mobile_sam_is_built_by_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Mobile(nn.Module):
        """A network with the names that tell MobileSAM from SAM, and those that we use."""

        def __init__(self) -> None:
            super().__init__()
            self.image_encoder = _nested("patch_embed.seq.0.c", nn.Conv2d(1, 1, 1, bias=False))
            self.image_encoder.img_size = 1024  # type: ignore[assignment]
            self.prompt_encoder = nn.Linear(1, 1)
            self.prompt_encoder.mask_input_size = (256, 256)  # type: ignore[assignment]
            self.mask_decoder = nn.Linear(2, 2)

    torch.manual_seed(3)
    trained = Mobile()
    path = tmp_path / "mobile_sam.pt"
    torch.save(trained.state_dict(), path)
    package = ModuleType("mobile_sam")
    package.__spec__ = ModuleSpec("mobile_sam", None)
    package.sam_model_registry = {"vit_t": lambda checkpoint: Mobile()}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mobile_sam", package)
    monkeypatch.setattr(sam_network, "find_spec", lambda name: package)
    model = load_sam(str(path), "cpu")
    assert (model.image_size, model.mask_size) == (1024, 256)
    assert model.notes[0] == "MobileSAM."
    assert torch.equal(model.module.mask_decoder.weight, trained.mask_decoder.weight)


def _nested(path: str, leaf: nn.Module) -> nn.Module:
    for name in reversed(path.split(".")):
        outer = nn.Module()
        outer.add_module(name, leaf)
        leaf = outer
    return leaf


def test_closing_gives_the_memory_back(tmp_path: Path, small: nn.Module) -> None:
    path = tmp_path / "mine.pth"
    torch.save(small.state_dict(), path)
    model = load_sam(str(path), "cpu")
    model.close()
    assert sum(tensor.nbytes for tensor in model.module.state_dict().values()) == 0


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the true names and shapes of ``vit_b``, with random weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("official") / "sam_vit_b_random.pth"
    torch.save(sam_model_registry["vit_b"]().state_dict(), path)
    return path


@pytest.mark.slow
def test_the_official_size_loads_encodes_and_answers_like_segment_anything(official: Path, tmp_path: Path) -> None:
    model = load_sam(str(official), "cpu")
    assert model.notes[0] == "Segment-anything network vit_b."
    assert (model.image_size, model.mask_size) == (1024, 256)
    reference = sam_model_registry["vit_b"]()
    reference.load_state_dict(torch.load(official, weights_only=True))
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    predictor = SamPredictor(reference.eval())
    predictor.set_image(image)
    _, quality, low = predictor.predict(np.array([[40.0, 20.0]]), np.array([1]))
    embedding = Embedder(model, EmbeddingStore(tmp_path), Timings(tmp_path / "t.json")).embed(image)
    assert torch.allclose(embedding.features, predictor.features, atol=1e-3)
    prompts = DecoderPrompts(np.array([[[40.0, 20.0]]], np.float32), np.ones((1, 1), np.float32))
    answers = decode_masks(model, embedding, prompts, several=True)
    assert np.allclose(answers.logits[0].numpy(), low, atol=1e-2)
    assert np.allclose(answers.quality[0].numpy(), quality, atol=1e-3)


@pytest.mark.slow
def test_a_truncated_official_checkpoint_is_refused(official: Path, tmp_path: Path) -> None:
    cut = tmp_path / "sam_vit_b_01ec64.pth"
    with official.open("rb") as whole, cut.open("wb") as part:
        part.write(whole.read(100_000_000))
    with pytest.raises(ModelError, match=r"sam_vit_b_01ec64.pth is damaged"):
        load_sam(str(cut), "cpu")


WEIGHTS = {"image_encoder.pos_embed": torch.ones(1, 2, 2, 4), "mask_decoder.iou_token.weight": torch.zeros(1, 4)}


@pytest.mark.parametrize(
    ("mark", "output"),
    [
        ("mask_decoder.hf_token.weight", "is an HQ-SAM checkpoint"),
        ("image_encoder.trunk.pos_embed", "is a SAM 2 checkpoint"),
        ("sam_mask_decoder.iou_token.weight", "is a SAM 2 checkpoint"),
        ("detector.backbone.vision_backbone.trunk.pos_embed", "is a SAM 3 checkpoint"),
    ],
)
def test_relatives_are_refused_with_the_reason(tmp_path: Path, mark: str, output: str) -> None:
    torch.save({"model": {**WEIGHTS, mark: torch.zeros(1)}}, tmp_path / "other.pt")
    with pytest.raises(ModelError, match=f"other.pt {output}.*; use .*SAM"):
        load_sam(str(tmp_path / "other.pt"))


def test_other_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"visual.conv1.weight": torch.zeros(3)}, tmp_path / "clip.pt")
    with pytest.raises(ModelError, match=r"clip.pt is not a segment-anything checkpoint \(it has no mask decoder\)"):
        load_sam(str(tmp_path / "clip.pt"))

"""Folders with a CLIP model that somebody brings: their description, and weights of the kinds that are published."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from target import Target

_CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1},
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
}


def _safetensors(state: dict[str, Any], folder: Path) -> Path:
    from safetensors.torch import save_file

    save_file({key: value.contiguous() for key, value in state.items()}, folder / "open_clip_model.safetensors")
    return folder / "open_clip_model.safetensors"


def _pickle(state: dict[str, Any], folder: Path) -> Path:
    import torch

    torch.save(state, folder / "open_clip_pytorch_model.bin")
    return folder / "open_clip_pytorch_model.bin"


def _corpus(
    save: Callable[[dict[str, Any], Path], Path], damage_weights: bool, folder: Path
) -> tuple[Path, Sequence[Path]]:
    import open_clip
    import torch

    torch.manual_seed(0)
    config = folder / "open_clip_config.json"
    config.write_text(json.dumps(_CONFIG))
    weights = save(open_clip.CLIP(**_CONFIG["model_cfg"]).state_dict(), folder)
    return folder, [weights if damage_weights else config]


def _sam_corpus(folder: Path) -> tuple[Path, Sequence[Path]]:
    from napari_cliptrase.models.catalog import find_entry

    entry = find_entry("demo", "sam")
    assert entry is not None
    assert entry.path is not None
    path = folder / "sam.safetensors"
    path.write_bytes(entry.path.read_bytes())
    return path, [path]


def _parse_sam(source: Path, out: Path) -> None:
    from napari_cliptrase.models.load import load_sam

    load_sam(str(source), "cpu")


def _parse(source: Path, out: Path) -> None:
    """Load the model, and let it look at a picture."""
    import numpy as np

    from napari_cliptrase.engine.segmenter import Segmenter
    from napari_cliptrase.models.load import load_model

    segmenter = Segmenter(load_model(f"local-dir:{source}", "cpu"))
    segmenter.encode(np.zeros((32, 32, 3), np.uint8))


TARGETS = (
    Target("model-config", partial(_corpus, _safetensors, False), _parse),
    Target("model-safetensors", partial(_corpus, _safetensors, True), _parse),
    Target("model-sam", _sam_corpus, _parse_sam),
    Target("model-pickle", partial(_corpus, _pickle, True), _parse),
)

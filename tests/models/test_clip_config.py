"""A description of a model is read as it is, or refused with the field that is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.clip_config import OPENAI_MEAN, OPENAI_STD, make_recipe, read_config

Change = Callable[[dict[str, Any]], object]


def changed(config: dict[str, Any], *path: str, **fields: Any) -> dict[str, Any]:
    part = config
    for name in path:
        part = part[name]
    part.update(fields)
    return config


def test_a_file_gives_the_sizes_of_a_plain_model(tmp_path: Path, tiny_config: dict[str, Any]) -> None:
    file = tmp_path / "open_clip_config.json"
    preprocess = {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.25, 0.5]}
    file.write_text(json.dumps({"model_cfg": tiny_config, "preprocess_cfg": preprocess}))
    recipe = read_config(file)
    assert (recipe.mean, recipe.std) == ((0.5, 0.4, 0.3), (0.25, 0.25, 0.5))
    assert recipe.shape is not None
    vision, text = recipe.shape.vision, recipe.shape.text
    assert (vision.patch, vision.grid) == (16, (2, 2))
    assert (vision.transformer.width, vision.transformer.layers, vision.transformer.heads) == (32, 2, 2)
    assert (vision.transformer.mlp_width, text.transformer.width) == (128, 16)


def test_without_numbers_for_the_colours_they_are_those_of_openai(tiny_config: dict[str, Any]) -> None:
    recipe = make_recipe(tiny_config, {}, "x")
    assert (recipe.mean, recipe.std) == (OPENAI_MEAN, OPENAI_STD)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (["vision_cfg"], {"timm_model_name": "vit_base_patch16_224"}),
        (["vision_cfg"], {"layers": [2, 2, 2, 2]}),
        (["vision_cfg"], {"pool_type": "avg"}),
        (["vision_cfg"], {"patch_size": [16, 8]}),
        (["text_cfg"], {"hf_model_name": "bert"}),
        (["text_cfg"], {"no_causal_mask": True}),
        ([], {"multimodal_cfg": {}}),
    ],
)
def test_what_is_not_plain_is_left_to_open_clip(tiny_config: dict[str, Any], path: list[str], fields: Any) -> None:
    config = changed(tiny_config, *path, **fields)
    recipe = make_recipe(config, {}, "x")
    assert recipe.shape is None
    assert recipe.config is config


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ([], {"embed_dim": "wide"}, "x: embed_dim .* not 'wide'"),
        ([], {"embed_dim": True}, "embed_dim"),
        ([], {"vision_cfg": 7}, "vision_cfg .* an object, not 7"),
        ([], {"surprise": 1}, "x: surprise is not a field that open_clip knows; remove it"),
        (["vision_cfg"], {"layers": 0}, r"vision_cfg\.layers .* from 1 to 256"),
        (["vision_cfg"], {"mlp_ratio": float("nan")}, r"vision_cfg\.mlp_ratio"),
        (["vision_cfg"], {"image_size": 8}, "smaller than a patch of 16 pixels"),
        (["vision_cfg"], {"head_width": 64}, r"vision_cfg\.head_width 64 is larger"),
        (["vision_cfg"], {"width": 41, "head_width": 16}, "41 cannot be divided by its 2 heads"),
        (["vision_cfg"], {"mlp_ratio": 0.01}, "mlp_ratio leaves no width"),
        (["text_cfg"], {"vocab_size": 100}, r"text_cfg\.vocab_size .* at least 49408"),
        (["text_cfg"], {"proj_type": "none", "width": 32, "heads": 2}, "have to be equal|must be equal"),
        (["text_cfg"], {"hf_model_name": "x" * 500}, r"text_cfg\.hf_model_name .* a name"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_has_to_be(
    tiny_config: dict[str, Any], path: list[str], fields: Any, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        make_recipe(changed(tiny_config, *path, **fields), {}, "x")


@pytest.mark.parametrize("name", ["embed_dim", "vision_cfg", "text_cfg"])
def test_a_missing_part_is_named(tiny_config: dict[str, Any], name: str) -> None:
    del tiny_config[name]
    with pytest.raises(ModelError, match=f"'model_cfg' lacks {name}"):
        make_recipe(tiny_config, {}, "x")


@pytest.mark.parametrize(
    "preprocess", [{"mean": [1, 2]}, {"std": [0.5, 0.5, 0]}, {"mean": "gray"}, {"std": [1, float("inf"), 1]}]
)
def test_wrong_numbers_for_the_colours_are_refused(tiny_config: dict[str, Any], preprocess: Any) -> None:
    with pytest.raises(ModelError, match=f"preprocess_cfg.{next(iter(preprocess))}"):
        make_recipe(tiny_config, preprocess, "x")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no json", "cannot be read as JSON"),
        (b"[]", "does not describe a CLIP model"),
        (b'{"model_cfg": []}', "does not describe a CLIP model"),
        (b'{"model_cfg": {}, "preprocess_cfg": [1]}', "preprocess_cfg"),
        (b" " * (2 << 20), "too large"),
    ],
)
def test_a_file_of_something_else_is_refused_with_its_name(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "open_clip_config.json"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=sentence) as caught:
        read_config(file)
    assert str(file) in str(caught.value)

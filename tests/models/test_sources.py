import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import folders
from napari_cliptrase.models.sources import bring_model_steps, download_steps, find_sam
from napari_cliptrase.progress import run_to_end

Write = Callable[..., Path]


def test_a_damaged_file_without_a_known_hash_is_fetched_again(
    write_tiny: Write, tiny_tags: None, no_network: list[object]
) -> None:
    path = write_tiny(folders.clip_folder("ViT-B-16/openai"))
    assert run_to_end(download_steps("ViT-B-16/openai")) == (path, False)
    assert no_network == []
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="cannot be downloaded"):
        run_to_end(download_steps("ViT-B-16/openai"))


def test_what_is_there_is_not_brought(write_tiny: Write, no_network: list[object]) -> None:
    path = write_tiny(folders.clip_folder("ViT-B-16/openai"))
    assert run_to_end(bring_model_steps("ViT-B-16/openai")) == path
    assert no_network == []


@pytest.mark.parametrize("name", ["x" * 5000, "a/\0b", "local-dir:" + "x" * 5000, "ViT-B-16=" + "y" * 5000, "", " "])
def test_impossible_names_are_one_sentence(name: str) -> None:
    with pytest.raises(ModelError, match=r"is not the name of a CLIP model|does not exist"):
        run_to_end(bring_model_steps(name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_in_place_of_weights_does_not_hang(tmp_path: Path, tiny_config: dict[str, Any]) -> None:
    pipe = tmp_path / "w.safetensors"
    os.mkfifo(pipe)
    for name in (str(pipe), f"ViT-B-16={pipe}"):
        with pytest.raises(ModelError, match="is not a plain file"):
            run_to_end(bring_model_steps(name))
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(ModelError, match="holds no weights"):
        run_to_end(bring_model_steps(f"local-dir:{tmp_path}"))
    with pytest.raises(ModelError, match="There is no SAM checkpoint"):
        find_sam(str(pipe))


def test_words_beside_the_weights_are_read(write_tiny: Write, tiny_config: dict[str, Any], tmp_path: Path) -> None:
    write_tiny(tmp_path, tiny_config)
    (tmp_path / "vocabulary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"vocabulary\.txt cannot be read as a list of words"):
        run_to_end(bring_model_steps(f"local-dir:{tmp_path}"))

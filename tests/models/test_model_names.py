from pathlib import Path

import pytest

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models.model_names import parse_name


def test_demo_is_the_shipped_folder() -> None:
    name = parse_name(" demo ")
    assert (name.kind, name.text) == ("folder", "demo")
    assert name.path is not None
    assert name.path.parts[-3:] == ("demo", "weights", "clip")


@pytest.mark.parametrize("text", ["ViT-B-16/openai", "ViT-B-16-quickgelu/openai", "ViT-B-16/OpenAI"])
def test_tags_have_one_usual_spelling(text: str) -> None:
    name = parse_name(text)
    assert (name.kind, name.text, name.architecture, name.tag) == ("tag", "ViT-B-16/openai", "ViT-B-16", "openai")
    assert name.quick_gelu == ("quickgelu" in text)


def test_hub_folder_and_file(tmp_path: Path) -> None:
    assert parse_name("hf-hub:lab/clip.v2").repository == "lab/clip.v2"
    assert parse_name(f"local-dir:{tmp_path}").path == tmp_path
    assert parse_name(str(tmp_path)).text == f"local-dir:{tmp_path}"
    file = tmp_path / "a=b.pt"
    file.write_bytes(b"")
    assert parse_name(str(file)).path == file
    for text, architecture in ((f"ViT-B-16={file}", None), (str(file), "ViT-B/16"), (str(file), "ViT-B-16")):
        name = parse_name(text, architecture)
        assert (name.kind, name.architecture, name.path) == ("file", "ViT-B-16", file)
        assert name.text == f"ViT-B-16={file}"
    assert parse_name(f"ViT-B-16-quickgelu={file}").quick_gelu


def test_home_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "w.pt").write_bytes(b"")
    assert parse_name("ViT-B-16=~/w.pt").path == tmp_path / "w.pt"


NO_NAMES = """ , local-dir:, local-dir:/no/such, hf-hub:x, hf-hub:../.., hf-hub:a/b/c, /no/such.pt, a b/c,
ViT-B-16=/no/such.pt, ../ViT-B-16/openai, x.safetensors, ViT-B-16/../x"""


@pytest.mark.parametrize("text", NO_NAMES.split(","))
def test_what_is_no_name_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_name(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) > 20

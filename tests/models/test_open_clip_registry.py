import subprocess
import sys

import open_clip
import pytest

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import open_clip_registry as registry
from napari_cliptrase.models.catalog import list_models
from napari_cliptrase.models.load import load_model


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ViT-B-17/openai", "'ViT-B-17'; nearest: ViT-B-16"),
        ("vit-b-16/openai", "'vit-b-16'; nearest: ViT-B-16"),
        ("ViT-B-16/opnai", "no weights 'opnai' of ViT-B-16; nearest: openai"),
        ("ViT-B-16/zzz", "no weights 'zzz' of ViT-B-16; there are openai, laion400m_e31"),
        ("ViT-B/16", "Say which weights of ViT-B-16: ViT-B-16/openai, "),
        ("ViT-B-16", "Say which weights of ViT-B-16: ViT-B-16/openai, "),
        ("ViT-M-16", "no published weights for ViT-M-16; give your own file: ViT-M-16=FILE"),
        ("ViT-M-16/openai", "no published weights for ViT-M-16; give your own file: ViT-M-16=FILE"),
        ("rhubarb", "does not know the architecture 'rhubarb'; there are ViT-B-16"),
    ],
)
def test_what_open_clip_does_not_know_gets_the_nearest_names(name: str, says: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(name)
    assert says in str(caught.value)


def test_known_repositories_tell_their_activation() -> None:
    known = registry.known_repository("timm/vit_base_patch16_clip_224.openai")
    assert known is not None
    assert known.quick_gelu
    assert registry.known_repository("nobody/nothing") is None


def test_single_file_repositories_keep_their_file() -> None:
    known = registry.published("ViTamin-S", "datacomp1b")
    assert (known.repository, known.filename) == ("jienengchen/ViTamin-S", "pytorch_model.bin")


def test_hashes_of_openai_are_those_that_open_clip_lists() -> None:
    hashes = registry.openai_hashes()
    assert hashes["5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"] == "ViT-B-16"
    assert set(hashes.values()) >= {"ViT-B-32", "ViT-L-14", "ViT-L-14-336"}


@pytest.mark.parametrize("name", ["ViT-B-16", "ViT-L-14-336", "RN50", "ViT-B-16-SigLIP", "xlm-roberta-base-ViT-B-32"])
def test_architectures_are_those_that_open_clip_would_give(name: str) -> None:
    assert registry.architecture(name) == open_clip.get_model_config(name)
    assert registry.is_architecture(name)


def test_recommended_models_are_known_without_open_clip() -> None:
    code = (
        "import sys; from napari_cliptrase.models import open_clip_registry as registry\n"
        "assert registry.published('ViT-B-16', 'openai').quick_gelu\n"
        "assert registry.architecture('ViT-B-16')['embed_dim'] == 512\n"
        "assert registry.known_repository('nobody/nothing') is None\n"
        "assert len(registry.merges()) == 48894\n"
        "assert 'open_clip' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_we_say_of_recommended_models_is_what_open_clip_says() -> None:
    for entry in list_models("clip"):
        if entry.repository is not None:
            name, tag = entry.name.split("/")
            theirs, ours = open_clip.get_pretrained_cfg(name, tag), registry.published(name, tag)
            assert (ours.quick_gelu, ours.mean, ours.std) == (
                bool(theirs.get("quick_gelu")),
                theirs["mean"],
                theirs["std"],
            )

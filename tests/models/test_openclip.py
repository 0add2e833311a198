import pytest

from napari_cliptrase.errors import ModelError
from napari_cliptrase.models import openclip
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
        ("rhubarb", "no architecture 'rhubarb'; there are ViT-B-16"),
    ],
)
def test_what_open_clip_does_not_know_gets_the_nearest_names(name: str, says: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(name)
    assert says in str(caught.value)


def test_known_repositories_tell_their_activation() -> None:
    known = openclip.known_repository("timm/vit_base_patch16_clip_224.openai")
    assert known is not None
    assert known.quick_gelu
    assert openclip.known_repository("nobody/nothing") is None


def test_single_file_repositories_keep_their_file() -> None:
    known = openclip.published("ViTamin-S", "datacomp1b")
    assert (known.repository, known.filename) == ("jienengchen/ViTamin-S", "pytorch_model.bin")

import pytest
import torch

from napari_cliptrase.bench.limit_rows import VIT_B, arithmetic_of, encode_limit_row, sam_limit_row
from napari_cliptrase.bench.random_model import BenchModel
from napari_cliptrase.models.sam_network import SamShape, build_sam

SMALL = SamShape(image_size=64, patch_size=16, width=32, heads=2, mlp_width=64, windows=(2, 0), prompt_width=32)


def test_work_is_counted_as_multiplications_and_additions():
    assert arithmetic_of(lambda: torch.randn(5, 7) @ torch.randn(7, 11)) == 2 * 5 * 7 * 11


def test_the_work_of_an_encoder_is_counted_whole():
    model, size, width, blocks = BenchModel.random(), 224, 768, 12
    tokens = (size // 16) ** 2 + 1
    products = 2 * tokens * 12 * width**2 + 4 * tokens**2 * width
    counted = arithmetic_of(lambda: model.encode_image_as_open_clip(torch.zeros(1, 3, size, size)))
    assert counted == pytest.approx(blocks * products, rel=0.02)


def test_encoding_is_compared_with_a_matrix_product():
    row = encode_limit_row(BenchModel.random(), 64, rounds=1)
    assert row.theirs is not None
    assert row.figure == pytest.approx(row.ours / row.theirs)
    assert 0 < row.figure < 1.5
    assert not row.at_most


def test_the_published_sam_has_the_shape_of_the_package_s_own():
    from segment_anything import sam_model_registry

    def shapes(network):
        return {name: tensor.shape for name, tensor in network.state_dict().items()}

    with torch.device("meta"):
        assert shapes(build_sam(VIT_B)) == shapes(sam_model_registry["vit_b"]())


def test_a_sam_of_any_shape_is_measured():
    row = sam_limit_row(1, SMALL)
    assert "SAM 2 blocks of width 32" in row.name
    assert 0 < row.ours < (row.theirs or 0)

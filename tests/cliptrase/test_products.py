import pytest
import torch
from torch.nn import functional as F

from napari_cliptrase.cliptrase import products
from napari_cliptrase.cliptrase.products import linear


@pytest.fixture(params=["MKL", "oneDNN"], autouse=True)
def route(request, monkeypatch):
    """Both routes are tested, whatever processor this is."""
    monkeypatch.setattr(products, "mkl_is_at_home", lambda: request.param == "MKL")


@pytest.mark.parametrize("shape", [(7, 48), (2, 5, 48)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_equals_torch_with_and_without_gradients(shape, with_bias):
    torch.manual_seed(0)
    x, weight, bias = torch.randn(*shape), torch.randn(32, 48), torch.randn(32) if with_bias else None
    expected = F.linear(x.double(), weight.double(), None if bias is None else bias.double())
    for gradients in (True, False):
        with torch.set_grad_enabled(gradients):
            torch.testing.assert_close(linear(x, weight, bias).double(), expected, rtol=1e-5, atol=1e-5)


def test_weight_may_be_a_transposed_view():
    x, matrix = torch.randn(4, 6), torch.randn(6, 3)
    with torch.no_grad():
        torch.testing.assert_close(linear(x, matrix.t()), x @ matrix)


def test_keeps_half_precision():
    x, weight = torch.randn(4, 6, dtype=torch.bfloat16), torch.randn(3, 6, dtype=torch.bfloat16)
    with torch.no_grad():
        assert linear(x, weight).dtype == torch.bfloat16


def test_autocast_is_heard_without_gradients():
    x, weight = torch.randn(4, 6), torch.randn(3, 6)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert linear(x, weight).dtype == torch.bfloat16

import torch
from torch import nn

from napari_cliptrase.cliptrase.patches import place_tokens


def test_the_class_token_comes_first_and_each_patch_gets_its_own_position():
    torch.manual_seed(0)
    projection = nn.Conv2d(3, 8, 4, stride=4, bias=False)
    images, first, positions = torch.randn(2, 3, 8, 12), torch.randn(8), torch.randn(6, 8)
    tokens = place_tokens(projection, images, first, positions)
    assert tokens.shape == (2, 7, 8)
    assert torch.equal(tokens[:, 0], first.expand(2, 8))
    patch = projection(images[1:, :, 4:8, 8:12]).flatten()  # row 1, column 2 of a grid of 2 × 3
    torch.testing.assert_close(tokens[1, 1 + 5], patch + positions[5])


def test_tokens_are_the_same_with_and_without_gradients():
    torch.manual_seed(0)
    projection = nn.Conv2d(3, 8, 4, stride=4)
    given = projection, torch.randn(1, 3, 8, 8), torch.randn(8), torch.randn(4, 8)
    with torch.no_grad():
        without = place_tokens(*given)
    assert torch.equal(place_tokens(*given), without)

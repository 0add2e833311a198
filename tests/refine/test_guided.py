import numpy as np

from napari_cliptrase.refine.guided import GuidedFilter


def test_it_is_the_best_linear_fit_to_the_colours_around_each_pixel() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (14, 16, 3), dtype=np.uint8)
    values = rng.random((14, 16)).astype(np.float32)
    radius, smoothness = 2, 1e-2
    found = GuidedFilter(image, radius, smoothness)(values)

    # written out: ridge regression in each box, then the mean of the models that see a pixel
    guide = np.pad(image / 255, ((radius * 2,) * 2, (radius * 2,) * 2, (0, 0)), mode="edge")
    padded = np.pad(values, radius * 2, mode="edge")
    row, column = 7, 8  # far from the border
    predictions = []
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            top, left = row + dy + radius, column + dx + radius
            colors = guide[top : top + 2 * radius + 1, left : left + 2 * radius + 1].reshape(-1, 3)
            wanted = padded[top : top + 2 * radius + 1, left : left + 2 * radius + 1].ravel()
            covariance = np.cov(colors.T, bias=True) + smoothness * np.eye(3)
            slope = np.linalg.solve(covariance, ((colors - colors.mean(0)) * wanted[:, None]).mean(0))
            predictions.append(slope @ (image[row, column] / 255 - colors.mean(0)) + wanted.mean())
    assert np.isclose(found[row, column], np.mean(predictions), atol=1e-4)


def test_a_blurred_step_moves_to_the_edge_of_the_image() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, 20:] = (200, 120, 40)
    ramp = np.clip((np.arange(40, dtype=np.float32) - 12) / 10, 0, 1)  # its middle is at 17
    found = GuidedFilter(image, 8, 1e-4)(np.tile(ramp, (40, 1)))
    assert (found[20, :19] < 0.5).all()
    assert (found[20, 21:] > 0.5).all()


def test_a_constant_stays_constant() -> None:
    image = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert np.allclose(GuidedFilter(image, 4, 1e-3)(np.full((20, 30), 0.3, np.float32)), 0.3, atol=1e-4)

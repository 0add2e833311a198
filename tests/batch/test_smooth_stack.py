"""Scores that are mixed along the planes of an image file: fewer pixels flicker, and the record says so."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.array_types import Rgb
from napari_cliptrase.batch.smooth_stack import segment_smooth_stack
from napari_cliptrase.demo.motion import paint_film
from napari_cliptrase.engine.pipeline import PlaneRequest, PlaneResponse
from napari_cliptrase.pixels.axes import AxisRoles
from napari_cliptrase.pixels.read import ImageFile
from napari_cliptrase.progress import Progress, run_to_end
from napari_cliptrase.refine.methods import Method, load_refiner_steps

PROMPTS = PromptSet.parse("grass\nsky: cloud\ntree\nsea\nsnow\nsand")
Smooth = Callable[..., dict[tuple[int, ...], PlaneResponse]]


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(load_model("demo", device="cpu"), Settings(detail="coarse"), text_caches=())


@pytest.fixture(scope="module")
def film() -> ImageFile:
    """Two stacks of three planes: one picture that is seen through noise, and its mirror."""
    picture = paint_film(4, 1).images[0].astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 40, (2, 3, *picture.shape))
    planes = np.stack([picture, picture[:, ::-1]])[:, None] + noise
    return ImageFile(Path("film.tif"), np.clip(planes, 0, 255).astype(np.uint8), AxisRoles("TZYXS"))


@pytest.fixture
def smooth(segmenter: Segmenter) -> Smooth:
    def run(image: ImageFile, share: float, **more: object) -> Mapping[tuple[int, ...], PlaneResponse]:
        def keep(rgb: Rgb, response: PlaneResponse) -> PlaneResponse:
            assert rgb.shape[:2] == response.labels.shape
            return response

        return segment_smooth_stack(segmenter, image, lambda rgb: PlaneRequest(rgb, PROMPTS), share, keep, **more)  # type: ignore[arg-type]

    return run


def test_fewer_pixels_flicker_within_a_stack(smooth: Smooth, film: ImageFile) -> None:
    def flicker(found: Mapping[tuple[int, ...], PlaneResponse]) -> float:
        pairs = [pair for t in (0, 1) for pair in pairwise(found[t, z].labels for z in range(3))]
        return float(np.mean([(one != other).mean() for one, other in pairs]))

    mixed = smooth(film, 0.6)
    assert list(mixed) == list(film.indices())
    assert flicker(mixed) < 0.8 * flicker(smooth(film, 0))
    assert all(plane.segmentation.provenance["smoothed along planes"] == 0.6 for plane in mixed.values())


def test_the_last_plane_of_a_moment_is_not_mixed_with_the_first_of_the_next(smooth: Smooth, film: ImageFile) -> None:
    both, first = smooth(film, 0.6), smooth(film.only("T=0"), 0.6)
    np.testing.assert_array_equal(both[0, 2].labels, first[0, 2].labels)
    along_time = smooth(film.only("Z=1"), 0.6)
    assert (along_time[0, 1].labels != both[0, 1].labels).any()


def test_one_plane_says_that_nothing_was_smoothed(smooth: Smooth, film: ImageFile) -> None:
    (alone,) = smooth(film.only("T=1,Z=1"), 0.6).values()
    assert "Nothing was smoothed, since only one plane of the image was segmented." in alone.segmentation.notes
    assert "smoothed along planes" not in alone.segmentation.provenance


def test_a_refiner_sharpens_the_smoothed_labels(smooth: Smooth, film: ImageFile) -> None:
    refiner = run_to_end(load_refiner_steps(Method.SUPERPIXELS, "demo", "cpu"))
    said: list[Progress] = []
    stack = film.only("T=0")
    refined, plain = (smooth(stack, 0.6, refiner=sharp, watch=said.append) for sharp in (refiner, None))
    assert said
    for index in stack.indices():
        record = refined[index].segmentation.provenance
        assert record["smoothed along planes"] == 0.6
        assert record["refine"]
        assert (refined[index].labels != plain[index].labels).any()

from pathlib import Path

import numpy as np
import pytest

from napari_cliptrase import Segmenter, load_model
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.engine.pipeline import PlaneRequest, segment_stack_steps
from napari_cliptrase.engine.plane_rows import segment_rows_steps
from napari_cliptrase.progress import run_to_end

TOY = f"local-dir:{Path(__file__).parents[1] / 'data' / 'golden' / 'toyclip'}"
PROMPTS = PromptSet.parse("cat\ndog\nsky")


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(load_model(TOY, device="cpu"))


def test_each_row_is_smoothed_by_itself_and_each_plane_asked_for_once(segmenter):
    pictures = {
        (moment, depth): np.random.default_rng(2 * moment + depth).integers(0, 255, (96, 128, 3), np.uint8)
        for moment in range(2)
        for depth in range(2)
    }
    asked, found = [], {}

    def ask(index):
        asked.append(index)
        return PlaneRequest(pictures[index], PROMPTS)

    def receive(index, request, response):
        assert request.rgb is pictures[index]
        found[index] = response.segmentation.labels

    run_to_end(segment_rows_steps(segmenter, list(pictures), ask, receive, 0.9))
    assert asked == list(found) == list(pictures)
    for moment in range(2):
        row, expected = [(moment, 0), (moment, 1)], {}
        requests = (PlaneRequest(pictures[index], PROMPTS) for index in row)
        run_to_end(segment_stack_steps(segmenter, requests, expected.__setitem__, 0.9))
        for number, index in enumerate(row):
            assert np.array_equal(found[index], expected[number].segmentation.labels)

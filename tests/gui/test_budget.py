"""The window stays alive while the model works."""

import numpy as np
import pytest

from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.prompts import PromptSet

LONGEST_BLOCK = 100
"""Milliseconds."""
ATTEMPTS = 3


@pytest.mark.slow
def test_no_block_of_the_window_while_a_large_image_is_encoded(window, heartbeat, record_property):
    session = window.session
    scene = paint_scene(3, (504, 504))
    large = np.ascontiguousarray(np.kron(scene.image, np.ones((5, 5, 1), np.uint8))[:2048, :2048])
    session.image = window.viewer.add_image(large, rgb=True, name="large")
    session.prompts = PromptSet.parse("sky\nsea\nsand")
    dock = window.dock("Segment by text")
    dock.model.choose("demo")
    session.encoded_changed.connect(lambda _: heartbeat.stop())
    dock.run()
    window.wait(lambda: session.segmented is not None)
    window.idle()
    blocks = []
    for _ in range(ATTEMPTS):  # other programs can only make it longer, so the best of a few is ours
        session.image.data = large.copy()  # changed, so it is encoded anew
        window.qtbot.wait(1000)  # until the changed image has been drawn
        heartbeat.start()
        dock.run()
        window.wait(lambda: session.segmented is not None)
        window.idle()
        blocks.append(heartbeat.longest)
        if blocks[-1] <= LONGEST_BLOCK:
            break
    record_property("longest_blocks_ms", [round(block) for block in blocks])
    assert heartbeat.beats > 10
    assert min(blocks) <= LONGEST_BLOCK, blocks

import numpy as np
import pytest

from napari_cliptrase.merge import MergeMode
from napari_cliptrase.plugin.layers.plane_merge import Content, constraints_of, merged_content
from napari_cliptrase.progress import run_to_end

NOTHING = np.zeros((2, 3), bool)


def content(class_id, labels):
    return Content(np.array(labels, np.uint8), NOTHING, class_id)


@pytest.mark.parametrize("mode", [MergeMode.KEEP_EDITS, MergeMode.REPLACE])
def test_what_the_model_gives_to_a_locked_class_stays_with_its_class(mode):
    locked = content(1, [[1, 0, 0], [1, 0, 0]])
    free = content(2, [[0, 2, 2], [0, 2, 2]])
    proposed = np.array([[1, 1, 2], [2, 1, 2]], np.uint8)
    ground = run_to_end(constraints_of([locked, free], proposed, None, mode, [1]))
    after = {entry.class_id: merged_content(entry, proposed, ground, mode, [1]).tolist() for entry in (locked, free)}
    assert after[1] == locked.labels.tolist()
    assert after[2] == free.labels.tolist()  # not a hole where the locked class may not grow


def test_the_same_holds_in_a_combined_layer():
    combined = content(None, [[1, 2, 2], [1, 2, 3]])
    proposed = np.array([[2, 1, 3], [1, 1, 1]], np.uint8)
    ground = run_to_end(constraints_of([combined], proposed, None, MergeMode.KEEP_EDITS, [1]))
    after = merged_content(combined, proposed, ground, MergeMode.KEEP_EDITS, [1])
    assert after.tolist() == [[1, 2, 3], [1, 2, 3]]

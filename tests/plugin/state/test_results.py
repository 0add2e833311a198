from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from napari_cliptrase.plugin.state.results import Encoded, Segmented

RGB = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize(
    "result", [Encoded("source", RGB, "encoding", "demo"), Segmented("source", "segmentation", ())]
)
def test_a_result_is_itself_and_never_changes(result):
    """Whoever finds that it is still the session's result may use what belongs to it."""
    assert result == result
    assert result != replace(result)
    assert len({result, replace(result)}) == 2
    with pytest.raises(FrozenInstanceError):
        result.source = "another source"
